// What a drain would do, before it is done: where the traffic of each destination goes that it
// touches.
//
// Thread: pure functions. Cost: a selection of each destination touched for each cluster's callers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/report.hpp"
#include "base/result.hpp"
#include "discovery/draining.hpp"
#include "discovery/view/drains.hpp"
#include "discovery/view/resolution.hpp"

namespace agent {

// What a word of the command names: "service" with "bookinfo/ratings", or "ratings" where one
// namespace has it; "endpoint" with "10.0.0.1" or "10.0.0.1:8080"; "cluster" with our own name.
base::Result<discovery::view::DrainTarget> drain_target(std::string_view cluster,
                                                        std::string_view kind,
                                                        std::string_view name,
                                                        const discovery::view::View& view);

struct DrainPreview {
  static constexpr std::size_t kMostMoves = 200;
  static constexpr std::size_t kMostClusters = 8;  // whose callers are looked at

  struct Move {
    std::string host, callers_in, now, then;  // "own cluster 100% (east 2)"
  };
  std::size_t destinations = 0, endpoints = 0;  // that the drain touches
  std::vector<Move> moves;
  std::size_t more_moves = 0;        // of our own callers, beyond the limit
  std::vector<std::string> without;  // hosts that would have nothing healthy, and have now
};

// `under_way`: the drains of this agent. What is being drained, here or elsewhere, is taken for
// gone, what is being taken back for there.
DrainPreview preview(const discovery::view::Resolution& resolution,
                     const discovery::view::DrainTarget& target,
                     const std::vector<discovery::Draining::Status>& under_way);
Json report(const DrainPreview& preview);

}  // namespace agent
