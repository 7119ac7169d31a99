// Whether endpoints on a network can be reached by who names the networks that can (`networks` of
// agent.yaml). Thread: a pure function.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace base {

// An endpoint without a network is everywhere, and who names none reaches all.
inline bool is_reachable(const std::string& network, const std::vector<std::string>& networks) {
  return network.empty() || networks.empty() ||
         std::find(networks.begin(), networks.end(), network) != networks.end();
}

}  // namespace base
