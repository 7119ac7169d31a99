// How many requests are under way at a destination, over all workers, where a policy bounds them.
//
// Thread: any.
#pragma once

#include <atomic>
#include <cstdint>

namespace forwarder {

class InFlight {
 public:
  // False: there are `most` already. Else leave() is owed.
  bool enter(std::uint32_t most) {
    if (count_.fetch_add(1, std::memory_order_relaxed) < most) return true;
    leave();
    return false;
  }
  void leave() { count_.fetch_sub(1, std::memory_order_relaxed); }
  std::uint32_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> count_ = 0;
};

}  // namespace forwarder
