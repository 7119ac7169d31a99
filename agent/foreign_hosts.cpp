#include "agent/foreign_hosts.hpp"

#include <algorithm>

#include "discovery/import_rule.hpp"
#include "resources/cross_checks.hpp"
#include "resources/external_aliases.hpp"
#include "resources/suggest.hpp"

namespace agent {

resources::Problems warn_of_foreign_hosts(
    const resources::SharedList<resources::VirtualDestination>& destinations,
    const std::vector<std::string>& zones) {
  const auto listed = resources::joined(std::vector<std::string_view>(zones.begin(), zones.end()));
  resources::Problems problems;
  for (const auto& destination : destinations)
    for (std::size_t i = 0; i < destination.hosts.size(); ++i) {
      const auto& host = destination.hosts[i];
      if (discovery::is_inside(host, zones)) continue;
      const bool wildcard = host.starts_with('*');
      const auto [kind, name] = resources::title_of(destination.metadata.name);
      auto metadata = destination.metadata;
      metadata.name = name;
      problems.push_back(resources::about(
          resources::Severity::warning, kind, metadata, destination.place_of_host(i),
          "spec.hosts[" + std::to_string(i) + "]",
          "\"" + host + "\" is outside dns.zones (" + listed + "): " +
              (wildcard ? "no wildcard is answered there"
                        : "only clusters that define it answer for it"),
          wildcard ? "add its zone to dns.zones everywhere"
                   : "point a stub of the callers' resolver here for that name, or add its zone to "
                     "dns.zones everywhere"));
    }
  return problems;
}

}  // namespace agent
