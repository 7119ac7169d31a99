// Whose turn it is at each upstream that requests are spread over in turn: one worker's count,
// which begins anywhere, so that workers do not all begin with the same endpoint.
//
// Thread: the worker's.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "forwarder/table.hpp"

namespace forwarder::net {

class Turns {
 public:
  std::uint64_t next(UpstreamId upstream, base::Random& random) {
    if (upstream >= turns_.size()) turns_.resize(upstream + 1);
    auto& turn = turns_[upstream];
    return ++(turn ? *turn : turn.emplace(random.below(kAnywhere)));
  }

 private:
  static constexpr std::uint64_t kAnywhere = 1 << 20;
  std::vector<std::optional<std::uint64_t>> turns_;  // by upstream
};

}  // namespace forwarder::net
