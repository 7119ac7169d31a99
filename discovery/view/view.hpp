// All that dns and forwarder know of discovery, at one moment: clusters, services, destinations.
// Immutable.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/view/caller_networks.hpp"
#include "discovery/view/destination.hpp"
#include "discovery/view/drains.hpp"

namespace discovery::view {

// A name that another cluster exports and this agent does not answer for.
struct RefusedHost {
  std::string host, cluster, defined_by;
};

struct View {
  std::uint64_t version = 0;          // grows with every view this agent made
  std::string cluster;                // our own
  base::Locality locality;            // our own
  std::vector<std::string> networks;  // reachable from here, beside ""; empty = all
  std::vector<CallerNetwork> caller_networks;
  std::vector<std::string> zones;  // the DNS zones owned: "mesh.internal"
  bool synced =
      false;  // local sources read, and peers heard or given up waiting for (DESIGN §7 Ready)
  std::map<std::string, Cluster, std::less<>> clusters;
  std::map<std::string, Drains, std::less<>> drains;      // of clusters that drain something
  std::vector<std::shared_ptr<const Service>> services;  // every cluster's, imported ones
  // By host. What has not changed since the view before is the same object, as are services.
  std::vector<std::shared_ptr<const Destination>> destinations;
  std::vector<RefusedHost> refused_hosts;  // by the import rule

  const Destination* find(std::string_view host) const;
  const Cluster* find_cluster(std::string_view name) const;
  const Drains* find_drains(std::string_view of) const;  // a cluster; null: it drains nothing
};

}  // namespace discovery::view
