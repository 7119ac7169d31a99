// In what order a caller's endpoints are taken: by the FailoverPolicy that is for it, else the
// destination's `prefer`, else the default ladder.
//
// The mapping whose `from` holds the caller, the narrowest of several: its places behind what is
// near the caller, in their order, and before the rest; or, where they have weights, as one
// priority among which traffic is split (a place that fails leaves its share to the others), before
// the ladder of the rest. (In Istio a split fails instead: gloo.md §4.) Else priority labels: who
// has the longest run of them, from the first on, comes first. A caller has no labels but those of
// its place. Thread: pure; holds the destination and the caller by reference.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "discovery/view/destination.hpp"

namespace discovery::view {

struct Caller {
  std::string cluster;
  base::Locality locality;
  std::vector<std::string> networks;  // reachable from there, beside ""; empty = all
  friend bool operator==(const Caller&, const Caller&) = default;
};

// Whether the policy is for it: for one of its ports, where it names one.
bool selects(const resources::FailoverPolicy& policy, const Destination& destination);

class Ranking {
 public:
  struct Rung {
    std::string name;          // "own cluster and zone", "failover to us-west", "cluster:us-1" …
    std::uint32_t weight = 0;  // neighbours that have one are one priority, split by it
  };

  Ranking(const Destination& destination, const Caller& caller);
  const std::vector<Rung>& rungs() const { return rungs_; }
  // Of such endpoints; nothing when no preference takes them.
  std::optional<std::size_t> rung(const Traits& traits) const;

 private:
  std::size_t by_labels(const Traits& traits) const;
  std::size_t by_ladder(const Traits& traits) const;
  std::size_t by_mapping(const Traits& traits) const;
  void add_ladder(std::size_t from);

  const Destination& destination_;
  const Caller& caller_;
  const resources::LocalityMapping* mapping_ = nullptr;
  std::vector<Rung> rungs_;
};

}  // namespace discovery::view
