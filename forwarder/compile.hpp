// Makes the table that the forwarder's workers read out of route tables and the resolution.
//
// Hosts: a table's hosts become virtual hosts. Tables of one host are merged, the oldest first (by
// creation time, those without one last; then cluster, namespace, name), with the routes that take
// everything behind all others; the overlap is a warning. A destination that no table names exactly
// gets a virtual host of its own that forwards each of its HTTP ports to itself.
//
// Listeners: one on each own address for each port that a matcher names, and for each HTTP port of
// the destinations that a table names, that our own cluster has a part in, or whose door is the
// forwarder, and for each that a gateway opens; at most kMaxListeners.
//
// Every mistake is a problem and breaks only its own route; there is always a table.
// Thread: the builder's. No clock, no OS.
#pragma once

#include <memory>
#include <vector>

#include "discovery/view/resolution.hpp"
#include "forwarder/config.hpp"
#include "forwarder/destination_names.hpp"
#include "forwarder/destination_policies.hpp"
#include "forwarder/gateways.hpp"
#include "forwarder/kept_roots.hpp"
#include "forwarder/kept_upstreams.hpp"
#include "forwarder/named_hosts.hpp"
#include "forwarder/plain_hosts.hpp"
#include "forwarder/policies.hpp"
#include "forwarder/status.hpp"
#include "forwarder/table.hpp"
#include "forwarder/workloads.hpp"
#include "resources/documents.hpp"

namespace forwarder {

inline constexpr std::size_t kMaxListeners = 1024;

struct Compiled {
  std::unique_ptr<Table> table;
  resources::Problems problems;
  // Of the route tables as given, of policies, of destinations with something to say.
  Statuses statuses;
};

// What one table has that the next may have, too.
struct KeptTable {
  KeptUpstreams upstreams;
  DestinationNames names;
  KnownCallers callers;
  std::shared_ptr<Policies> policies;
  std::shared_ptr<DestinationPolicies> destination_policies;
  KeptRoots roots;
  NamedHosts named;
  Gateways gateways;
  PlainHosts plain;
  std::vector<bool> is_named;  // of each destination, whether some table names its host
  bool settled = false;        // the table before was of a mesh that was known
  // Of the documents; good while roots and what the mesh has are the same.
  resources::Problems problems;
  Statuses statuses;
};

// `kept` goes from call to call; each table must be published, or dropped for good, before the next
// is compiled. Cost: of every table, destination and upstream a pointer; the endpoints of those
// that have changed; the routes of a root where something changed that they were made of
// (kept_roots.hpp); a step for each host and table where any did. `now`: when endpoints came that
// the table before did not have, unless that was of a mesh not yet synced.
Compiled compile(const resources::Documents& documents,
                 const discovery::view::Resolution& resolution, const ForwarderConfig& config,
                 KeptTable& kept, base::TimePoint now = kEver);

}  // namespace forwarder
