// Who may register something with an agent of a cluster (registry.hpp). Thread: a pure function.
#pragma once

#include <string>

#include "discovery/leaf_identity.hpp"

namespace discovery::rpc {

// Why not, with a remedy; "" = it may. `peer`: null where links are insecure. `address`: where the
// order comes from, IP:PORT.
std::string registration_objection(const std::string& cluster, const ProvenPeer* peer,
                                   const std::string& address);

}  // namespace discovery::rpc
