// What makes another DNS server ask this agent for its names, and for no others: the lines of that
// server's own configuration, with what an operator must know of them in comments.
//
// Caches in front keep no answer longer than the agent says, and none of a second and less for
// longer (`cache` of CoreDNS would, by default, for 5 s). Thread: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/config.hpp"
#include "base/result.hpp"
#include "resources/documents.hpp"

namespace agent {

// The names, and where the agent is asked for them.
struct Stub {
  std::vector<std::string> names;      // lower case: zones, and hosts outside them
  std::vector<std::string> wildcards;  // of import.hosts: which names they stand for nobody knows
  std::vector<base::SocketAddress> to;
  std::vector<base::IpAddress> bind;  // of nodelocaldns: where its other blocks listen
  base::Duration ttl{};               // of our answers
};

// Of agent.yaml and what its documents define, which may hold hosts outside dns.zones.
Stub stub_of(const Config& config, const resources::Documents& documents);

// "coredns", "dnsmasq", …
std::vector<std::string_view> snippet_kinds();

// Errors: a kind that is none, with those that are; what this kind lacks.
base::Result<std::string> snippet(std::string_view kind, const Stub& stub);

}  // namespace agent
