#include "forwarder/virtual_hosts.hpp"

#include <algorithm>

#include "forwarder/delegation.hpp"
#include "forwarder/plain_hosts.hpp"

namespace forwarder {

std::vector<const resources::RouteTable*> roots_in_order(
    const resources::SharedList<resources::RouteTable>& tables) {
  std::vector<const resources::RouteTable*> roots;
  for (const auto& table : tables)
    if (!table.hosts.empty() && table.serves_the_mesh()) roots.push_back(&table);
  std::sort(roots.begin(), roots.end(), [](const auto* a, const auto* b) {
    return resources::precedes(a->metadata, b->metadata);
  });
  return roots;
}

void VirtualHosts::add(const resources::RouteTable& root, std::vector<Entry> entries,
                       std::shared_ptr<const Addresses> excluded, resources::Problems& problems) {
  for (const auto& entry : entries)
    if (entry.matcher.port != 0) ports_.insert(entry.matcher.port);
  const auto part = parts_.size();
  parts_.push_back(std::move(entries));
  tables_.push_back(&root);
  excluded_.push_back(std::move(excluded));
  for (const auto& pattern : root.hosts) {
    auto& served_by = hosts_[normal_host(pattern)];
    if (!served_by.empty() && served_by.back() == part) continue;
    if (!served_by.empty()) {
      const auto& first = *tables_[served_by.front()];
      problems.push_back({resources::Severity::warning, root.metadata.place,
                          "RouteTable " + name_of(root), "spec.hosts",
                          "host " + pattern + " is also in RouteTable " + name_of(first) +
                              ", whose routes come first",
                          "delegate from one table to have an order of your own"});
    }
    served_by.push_back(part);
  }
}

void VirtualHosts::add_named(const Upstreams::Source& resolved, Upstreams& upstreams) {
  const auto& destination = *resolved->destination;
  // Clients of a headless service choose an endpoint themselves and never come here.
  if (destination.headless) return;
  for (const auto& port : destination.ports)
    if (discovery::view::is_http1(port.protocol)) ports_.insert(port.number);
  auto& parts = hosts_.find(destination.host)->second;
  const auto rest = excluded_by_all(parts);
  if (!rest) return;
  auto entries = own_entries(resolved, upstreams, rest);
  if (entries.empty()) return;
  parts.push_back(parts_.size());
  parts_.push_back(std::move(entries));
}

std::shared_ptr<const Addresses> VirtualHosts::excluded_by_all(
    const std::vector<Part>& parts) const {
  auto excluded = excluded_[parts.front()];
  for (const auto part : parts) excluded = in_both(excluded, excluded_[part]);
  return excluded;
}

VirtualHost VirtualHosts::merge(const std::vector<Part>& parts) const {
  const auto is_table = [this](Part part) { return part < tables_.size(); };
  const auto several = std::count_if(parts.begin(), parts.end(), is_table) > 1;
  VirtualHost host;
  std::vector<Entry> last;
  for (const auto part : parts)
    for (const auto& entry : parts_[part]) {
      // Else the first table's default route would shadow every later table (Istio,
      // SortVHostRoutes).
      const auto behind = !is_table(part) || (several && entry.matcher.takes_everything());
      (behind ? last : host.entries).push_back(entry);
    }
  std::move(last.begin(), last.end(), std::back_inserter(host.entries));
  for (const auto& entry : host.entries) host.index.add(entry.matcher);
  host.index.seal();
  return host;
}

Routes VirtualHosts::finish() && {
  Routes routes;
  std::map<std::vector<Part>, std::shared_ptr<const VirtualHost>> merged;
  for (const auto& [pattern, parts] : hosts_) {
    auto& host = merged[parts];
    if (!host) host = std::make_shared<const VirtualHost>(merge(parts));
    routes.index.add(pattern, static_cast<std::uint32_t>(routes.hosts.size()));
    routes.hosts.push_back({pattern, host});
  }
  routes.index.seal();
  return routes;
}

}  // namespace forwarder
