// Makes the table that the forwarder's workers read out of route tables and the resolution.
//
// Hosts: a table's hosts become virtual hosts. Tables of one host are merged, the oldest first (by
// creation time, those without one last; then cluster, namespace, name), with the routes that take
// everything behind all others; the overlap is a warning. A destination that no table names exactly
// gets a virtual host of its own that forwards each of its HTTP ports to itself.
//
// Listeners: one on each own address for each port that a matcher names, and for each HTTP port of
// the destinations that a table names, that our own cluster has a part in, or whose door is the
// forwarder; at most kMaxListeners.
//
// Every mistake is a problem and breaks only its own route; there is always a table.
// Thread: the builder's. No clock, no OS.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "discovery/view/resolution.hpp"
#include "forwarder/kept_upstreams.hpp"
#include "forwarder/plain_hosts.hpp"
#include "forwarder/status.hpp"
#include "forwarder/table.hpp"
#include "resources/documents.hpp"

namespace forwarder {

inline constexpr std::size_t kMaxListeners = 1024;

// Whether what is not known here may be known to another agent.
enum class Others { none, may_be_heard };

struct ForwarderConfig {
  std::string cluster;                     // our own
  std::vector<base::IpAddress> addresses;  // to listen on
  Others others = Others::may_be_heard;
};

struct Compiled {
  std::unique_ptr<Table> table;
  resources::Problems problems;
  std::vector<DocumentStatus>
      statuses;  // of the route tables as given, of policies, of destinations with something to say
};

// What one table has that the next may have, too.
struct KeptTable {
  KeptUpstreams upstreams;
  DestinationNames names;
  PlainHosts plain;
};

// `kept` goes from call to call; each table must be published, or dropped for good, before the next
// is compiled. Cost: route tables, and of every destination a pointer; the endpoints of those that
// have changed.
Compiled compile(const resources::Documents& documents,
                 const discovery::view::Resolution& resolution, const ForwarderConfig& config,
                 KeptTable& kept);

}  // namespace forwarder
