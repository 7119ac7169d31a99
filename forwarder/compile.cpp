#include "forwarder/compile.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "forwarder/hosts.hpp"
#include "forwarder/upstreams.hpp"

namespace forwarder {
namespace {

namespace view = discovery::view;

// A child that several parents lead to is read as often: its mistakes are said once.
void drop_repeated(resources::Problems& problems) {
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  std::erase_if(problems, [&seen](const resources::Problem& p) {
    return !seen.emplace(p.object, p.field, p.message).second;
  });
}

std::vector<base::SocketAddress> listeners(const std::set<std::uint16_t>& ports,
                                           const std::vector<base::IpAddress>& addresses) {
  std::vector<base::SocketAddress> result;
  for (const auto port : ports) {
    if (result.size() + addresses.size() > kMaxListeners) break;
    for (const auto& address : addresses) result.push_back({address, port});
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

resources::Problem too_many_ports() {
  return {resources::Severity::warning,
          {},
          "forwarder",
          "",
          "more ports are asked for than the " + std::to_string(kMaxListeners) +
              " listeners there may be",
          "the highest ports are left out"};
}

// What depends on the roots, and on what the mesh has but for endpoints.
void gather(const resources::Documents& documents, const view::Resolution& resolution,
            Upstreams& upstreams, KeptTable& kept) {
  kept.problems.clear();
  kept.is_named.assign(resolution.destinations.size(), false);
  kept.named.begin();
  for (const auto& root : kept.roots.roots()) {
    std::ranges::copy(root->problems, std::back_inserter(kept.problems));
    if (!root->table->serves_the_mesh()) continue;
    for (const auto& host : root->hosts) {
      const auto place = resolution.place_of(host);
      if (place == resolution.destinations.size()) continue;
      kept.is_named[place] = true;
      warn_if_bypassed(*root->table, *resolution.destinations[place]->destination, kept.problems);
    }
    kept.named.add(*root, kept.problems);
  }
  for (std::size_t i = 0; i < resolution.destinations.size(); ++i)
    if (kept.is_named[i]) kept.named.add_named(resolution.destinations[i], upstreams);
  kept.named.end();
  kept.gateways.bind(documents.virtual_gateways, kept.roots, kept.problems);

  Statuses of_policies;
  kept.policies->report(kept.roots.claimed(), kept.problems, of_policies);
  kept.destination_policies->report(resolution, kept.problems, of_policies);
  drop_repeated(kept.problems);
  kept.statuses = statuses(
      documents.route_tables, resolution, kept.roots.reached(),
      [&](const auto& table) { return kept.gateways.bound(table); }, kept.problems, kept.statuses);
  kept.gateways.report(kept.problems, kept.statuses);
  kept.statuses.append(of_policies);
}

}  // namespace

Compiled compile(const resources::Documents& documents, const view::Resolution& resolution,
                 const ForwarderConfig& config, KeptTable& kept, base::TimePoint now) {
  const auto& tables = documents.route_tables;
  Compiled compiled;
  compiled.table = std::make_unique<Table>();
  auto& table = *compiled.table;
  table.version = kept.upstreams.begin_table(kept.settled ? now : kEver);
  table.synced = kept.settled = resolution.view->synced;

  const bool same_destination_policies =
      kept.destination_policies && kept.destination_policies->are_of(documents);
  if (!same_destination_policies) {
    kept.destination_policies = std::make_shared<DestinationPolicies>(documents);
    kept.upstreams.outdate_all();
  }
  MeshChanges changes;
  if (tables.empty() && kept.destination_policies->empty())
    kept.names = {};  // nobody asks for one
  else
    changes = kept.names.go_to(resolution);
  kept.callers.go_to(*resolution.view, tables);
  const bool same_policies = kept.policies && kept.policies->are_of(documents);
  if (!same_policies) kept.policies = std::make_shared<Policies>(documents);

  Upstreams upstreams(resolution, kept.upstreams, kept.names, *kept.destination_policies);
  const bool other_roots =
      kept.roots.update({tables, documents.virtual_gateways, config, table.synced, changes,
                         kept.callers, kept.policies, upstreams},
                        kept.upstreams);
  if (other_roots || !same_policies || !same_destination_policies ||
      !kept.gateways.are_of(documents.virtual_gateways) || !changes.names.empty() ||
      kept.is_named.size() != resolution.destinations.size())
    gather(documents, resolution, upstreams, kept);
  else
    kept.named.keep(kept.upstreams);

  kept.plain.begin(config.cluster);
  for (std::size_t i = 0; i < resolution.destinations.size(); ++i)
    kept.plain.add(resolution.destinations[i], kept.is_named[i], upstreams, kept.upstreams);
  kept.plain.end(kept.upstreams);
  upstreams.renew();
  kept.upstreams.end_table();
  table.slots = kept.upstreams.slots().slots();
  table.upstreams = kept.upstreams.upstreams();
  auto ports = kept.named.ports();
  ports.insert(kept.plain.ports().begin(), kept.plain.ports().end());
  auto gateways = kept.gateways.ports(ports);
  for (const auto& gateway : gateways) ports.insert(gateway.port);
  table.routes = std::make_shared<const Routes>(
      Routes{kept.named.hosts(), kept.plain.hosts(), std::move(gateways)});

  compiled.problems = kept.problems;
  if (ports.size() * config.addresses.size() > kMaxListeners)
    compiled.problems.push_back(too_many_ports());
  table.listeners = listeners(ports, config.addresses);
  compiled.statuses = kept.statuses;
  kept.plain.add_statuses(compiled.statuses);
  return compiled;
}

}  // namespace forwarder
