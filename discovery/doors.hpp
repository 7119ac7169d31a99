// Where a destination leads, and which of its ports nobody can reach there: DESIGN §5 "The door".
//
// Decided by documents alone: health does not move it, nor does a service that has no endpoints for
// the moment; only where a target port is declared by name do endpoints tell its number, and until
// one is known it counts as the same. Thread: pure functions.
#pragma once

#include "discovery/assemble.hpp"
#include "discovery/view/destination.hpp"

namespace discovery {

// The forwarder if a mesh RouteTable names the host exactly or a port must be mapped; never for
// headless names, nor where a host has ports and the forwarder speaks none of them: there nothing
// of it would be served. `rules.forwarders` are all that our callers reach.
view::Door decide_door(const view::Destination& destination, const AssemblyRules& rules);

// Ports that nobody can reach behind that door, whatever the reason.
void name_dead_ports(view::Destination& destination);

}  // namespace discovery
