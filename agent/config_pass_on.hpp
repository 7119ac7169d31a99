// dns.passOn and dns.clients of agent.yaml: whose names are passed on to which DNS servers.
//
// A server list may be a resolv.conf instead; it is read here, at a start and at a reload. Thread:
// pure functions but for the look at that file.
#pragma once

#include <string>
#include <vector>

#include "agent/config.hpp"
#include "resources/binder.hpp"

namespace agent {

void read_pass_on(const resources::Value& value, std::vector<PassOnConfig>& out);
// Errors for servers that lead back to this agent; the address it listens at may be given anywhere.
void check_pass_on(const resources::Value& value, const DnsConfig& dns);

// The `nameserver` lines of a resolv.conf's text, port 53; what is no address is left out.
std::vector<base::SocketAddress> name_servers(std::string_view resolv_conf);

}  // namespace agent
