// What a peer may make us do: which addresses we send traffic to (connections of our callers, the
// forwarder's and probes alike), and which names we answer on its word.
//
// Addresses: never nobody's, a group's or a link's own (169.254.169.254 hands out a cloud's keys),
// never where this agent itself listens; loopback only where a mesh lives on one machine, or where
// the operator says that a cluster is there; of a cluster whose networks the operator has listed,
// only those. Names: inside our zones, or listed. What we say of ourselves is not asked. Thread: a
// value.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace discovery {

struct ImportRule {
  enum class Loopback { refused, allowed };
  Loopback remote_loopback = Loopback::refused;
  std::vector<base::IpAddress> own_addresses;  // that this agent listens on
  std::map<std::string, std::vector<base::Cidr>, std::less<>> cluster_networks;  // import.networks
  std::vector<std::string> hosts;  // import.hosts: "shop.example", "*.shop.example"
  std::vector<std::string> zones;  // lower case; "mesh.internal"
  friend bool operator==(const ImportRule&, const ImportRule&) = default;

  bool admits(const base::IpAddress& ip) const { return objection("", ip).empty(); }
  // Why an endpoint of `cluster` is not taken; "" = it is.
  std::string objection(std::string_view cluster, const base::IpAddress& ip) const;
  bool admits_host(std::string_view host) const;
};

// Whether a host (lower case) is one of the zones or below one.
bool is_inside(std::string_view host, const std::vector<std::string>& zones);

}  // namespace discovery
