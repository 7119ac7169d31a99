// Envoy's overprovisioning factor: a tier keeps all its traffic until less than 1/1.4 = 71 % of it
// is healthy (forwarder.md §2.4). Of selection, and of what the forwarder sees beside it.
#pragma once

namespace discovery::view {

inline constexpr double kOverprovisioning = 1.4;

}  // namespace discovery::view
