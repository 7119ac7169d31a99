// dns.localities and dns.trustedForwarders of agent.yaml: where callers are, by the network they
// are in, and which DNS servers are believed when they say whom they ask for.
//
// Thread: pure functions.
#pragma once

#include "agent/config.hpp"
#include "resources/binder.hpp"

namespace agent {

// `{10.1.0.0/16: {region: us-east, zone: us-east-1a}}`
void read_localities(const resources::Value& value,
                     std::vector<discovery::view::CallerNetwork>& out);
void read_trusted_forwarders(const resources::Value& value, std::vector<base::Cidr>& out);

}  // namespace agent
