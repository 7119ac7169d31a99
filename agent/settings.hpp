// What each part of an agent is told, of agent.yaml.
//
// Thread: pure functions.
#pragma once

#include <string>

#include "agent/config.hpp"
#include "agent/tls.hpp"
#include "discovery/assemble.hpp"
#include "discovery/sources/rows.hpp"
#include "dns/zone_config.hpp"
#include "forwarder/compile.hpp"
#include "forwarder/net/limits.hpp"

namespace agent {

// Only with gossip.tls.
tls::Files certificate_files(const Config& config);
discovery::TrustRule trust_rule(const Config& config);

discovery::AssemblyRules assembly_rules(const Config& config);
discovery::sources::ExportRule export_rule(const Config& config);
dns::ZoneConfig zone_config(const Config& config);
forwarder::ForwarderConfig forwarder_config(const Config& config);
// Whom to ask for the names in documents: the servers that all other names are passed on to, for
// this agent may be its machine's resolver; none = the system's.
std::vector<base::SocketAddress> name_servers_of(const Config& config);

// For each of `workers`: as configured, and clients get a quarter of the descriptors that the
// process may have at most, the connections that their requests take one, idle upstream connections
// one; the last is all others'.
forwarder::net::Limits forwarder_limits(const Config& config, std::size_t descriptors,
                                        std::uint32_t workers);

// None where nobody is dialled, nobody else's host can dial us, and no Kubernetes has services that
// documents speak of.
forwarder::Others others_of(const Config& config);

// How long the agent waits for others to tell what they know before it denies what it does not
// know: not at all where there are none to wait for, unless its disk may have known some.
base::Duration sync_patience(const Config& config, bool disk_is_whole);

// Where others reach us, host:port; "" when only we can dial.
std::string advertised(const Config& config);

// `workers` as agent.yaml means it: 0 = one a processor, as far as `at_most` goes.
std::uint32_t workers_of(std::uint32_t workers, std::uint32_t at_most);

}  // namespace agent
