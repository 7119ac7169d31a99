#include "discovery/import_rule.hpp"

#include <algorithm>

namespace discovery {

std::string ImportRule::objection(std::string_view cluster, const base::IpAddress& ip) const {
  if (ip.is_unspecified()) return "the unspecified address is nobody's";
  if (ip.is_multicast()) return "a multicast address is a group's";
  if (ip.is_link_local()) return "a link-local address means another host to each caller";
  if (std::find(own_addresses.begin(), own_addresses.end(), ip) != own_addresses.end())
    return "this agent itself listens there";
  const auto networks = cluster_networks.find(cluster);
  const bool listed = networks != cluster_networks.end();
  if (listed && std::none_of(networks->second.begin(), networks->second.end(),
                             [&](const base::Cidr& network) { return network.contains(ip); }))
    return "outside the networks that import.networks lists for " + std::string(cluster);
  if (ip.is_loopback() && !listed && remote_loopback == Loopback::refused)
    return "a loopback address means each caller's own host";
  return "";
}

bool ImportRule::admits_host(std::string_view host) const {
  return is_inside(host, zones) ||
         std::any_of(hosts.begin(), hosts.end(), [host](std::string_view allowed) {
           return allowed.starts_with("*.") ? host.ends_with(allowed.substr(1)) : host == allowed;
         });
}

bool is_inside(std::string_view host, const std::vector<std::string>& zones) {
  return std::any_of(zones.begin(), zones.end(), [host](const std::string& zone) {
    return host == zone || (host.ends_with(zone) && host[host.size() - zone.size() - 1] == '.');
  });
}

}  // namespace discovery
