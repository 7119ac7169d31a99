// Which class of callers an address is of, and how that is known: DNS answers by it, explain says
// it (DESIGN §5 "The caller's locality").
//
// Thread: pure; allocates nothing.
#pragma once

#include "discovery/view/resolution.hpp"

namespace discovery::view {

struct Whereabouts {
  std::uint16_t caller_class = 0;
  bool is_endpoint = false;                        // a known one of this cluster; or else
  const NetworkClasses::Entry* network = nullptr;  // the longest one named that holds it; or else
                                                   // it counts as where the agent is
};

inline Whereabouts whereabouts(const Callers& callers, const base::IpAddress& caller) {
  const auto& [_, class_of, networks] = callers;
  if (class_of.empty() && networks.empty()) return {};
  if (const auto found = class_of.find(caller); found != class_of.end())
    return {.caller_class = found->second, .is_endpoint = true};
  const auto* network = networks.find(caller);
  return {.caller_class = network ? network->class_ : std::uint16_t{0}, .network = network};
}

}  // namespace discovery::view
