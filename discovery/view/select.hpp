// The one function that decides: which endpoints of a destination a caller gets, in which order,
// and why not the rest.
//
// DNS draws a tier by share for each answer, the forwarder for each request, explain prints the
// same value: a change of policy is a change here. Tiers are the rungs of the caller's ranking
// (ranking.hpp), each one of Envoy's priorities; shares are its priority load with the
// overprovisioning factor 1.4, and its locality weights where rungs have weights (forwarder.md
// §2.4). What is drained (drains.hpp) weighs what is left of it; a tier each of whose healthy
// endpoints is drained keeps of its share what is left of the fullest.
//
// Invariants: every endpoint of the destination is in exactly one tier or left out with a reason;
// shares add up to 1 when there is any tier; no endpoint known to be unhealthy is in a tier unless
// `fail_open`. Thread: a pure function.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/view/affinity.hpp"
#include "discovery/view/destination.hpp"
#include "discovery/view/drains.hpp"
#include "discovery/view/ranking.hpp"
#include "discovery/view/view.hpp"

namespace discovery::view {

enum class Reason : std::uint8_t {
  selected,
  unhealthy,            // its origin says so
  draining,             // its origin takes it out, or nothing is left of it
  path_failed,          // its cluster is silent and it does not answer us
  cluster_gone,         // its cluster is dead and others are alive
  network_unreachable,  // on a network that the caller cannot reach
  weight_zero,          // an operator's 0
  not_preferred,        // in none of the preferences listed
  port_missing,         // serves none of the destination's ports
  elsewhere,            // not where the caller's affinity pins it
};
std::string_view to_string(Reason reason);

struct Choice {
  const Service* service = nullptr;  // the destination keeps it alive
  std::uint32_t index = 0;           // of the endpoint in the service
  Reason reason = Reason::selected;
  bool stale = false;             // its cluster is silent, it still serves
  std::uint16_t left = kAllLeft;  // while it is being drained

  const Endpoint& endpoint() const { return service->endpoints[index]; }
};

struct Tier {
  std::string name;  // "own cluster and zone", "same region", "cluster:us-1" …
  double share = 0;  // of the destination's traffic, 0 to 1
  std::vector<Choice> endpoints;
  bool drains = false;  // of some endpoint not all is left

  // Beside those of the tier's other endpoints.
  std::uint32_t weight_of(const Choice& choice) const;
};

struct Selection {
  std::vector<Tier> tiers;       // best first; only tiers that hold an endpoint
  std::vector<Choice> left_out;  // each with its reason
  bool fail_open = false;        // nothing is healthy: the tiers hold what there is
  bool degraded =
      false;  // the best tier with members does not take it all, or some endpoint is stale
};

// With an affinity: pinned, only what is there, and that only while it is healthy or nothing
// anywhere is; preferred, what is there is a tier before all others.
Selection select(const Destination& destination, const View& view, const Caller& caller,
                 const Affinity* affinity = nullptr);

}  // namespace discovery::view
