// How often each latency was seen, to the microsecond; those above a second count as one.
//
// Thread: a value.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

class Latencies {
 public:
  void add(std::int64_t ns) {
    const auto us = static_cast<long>(ns / 1000);
    ++counts_[std::min(static_cast<std::size_t>(std::max<long>(us, 0)), counts_.size() - 1)];
    slowest_ = std::max(slowest_, us);
    ++total_;
  }
  // In us; 0 where none was added.
  std::size_t percentile(double part) const {
    auto left = static_cast<std::size_t>(part * static_cast<double>(total_));
    std::size_t us = 0;
    while (us + 1 < counts_.size() && counts_[us] <= left) left -= counts_[us++];
    return total_ == 0 ? 0 : us;
  }
  long slowest() const { return slowest_; }

 private:
  std::vector<std::size_t> counts_ = std::vector<std::size_t>(1'000'001);
  std::size_t total_ = 0;
  long slowest_ = 0;
};

}  // namespace bench
