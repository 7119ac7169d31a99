#include "agent/routed_hosts.hpp"

namespace agent {

std::map<std::string, std::string, std::less<>> routed_hosts(
    const resources::Documents& documents) {
  std::map<std::string, std::string, std::less<>> hosts;
  for (const auto& table : documents.route_tables) {
    if (!table.serves_the_mesh()) continue;
    for (const auto& host : table.hosts)
      if (host.find('*') == host.npos)
        hosts.emplace(host, "RouteTable " + resources::name_of(table.metadata));
  }
  return hosts;
}

}  // namespace agent
