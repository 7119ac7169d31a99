// Who owns a host when several virtual destinations name it.
//
// Invariant: the outcome depends on the documents and on which cluster is home, not on the order
// they came in. Thread: pure functions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "resources/virtual_destination.hpp"

namespace discovery {

// "VirtualDestination east/bookinfo/ratings"
std::string describe(const resources::VirtualDestination& destination);

struct Claim {
  const resources::VirtualDestination* winner = nullptr;
  std::vector<std::string> conflicts;  // one line for each loser with another definition
};

// All hosts named by `destinations` (each with metadata.cluster set) and who serves them at `home`.
// The same object exported alike by several clusters is no conflict.
std::map<std::string, Claim> claim_hosts(
    const std::vector<const resources::VirtualDestination*>& destinations, const std::string& home);

}  // namespace discovery
