#include "agent/alone.hpp"

#include <algorithm>

#include "agent/foreign_hosts.hpp"
#include "agent/local_rows.hpp"
#include "agent/routed_hosts.hpp"
#include "agent/settings.hpp"

namespace agent {
namespace {

// The rows as this agent's origin would publish them.
discovery::Publication publish_alone(const Config& config,
                                     std::vector<discovery::EncodedRow> encoded) {
  std::vector<discovery::Row> rows;
  for (auto& row : encoded) rows.push_back({std::move(row.key), 1, std::move(row.value), false});
  discovery::Publication publication;
  publication.synced = true;
  auto& origin = publication.origins.emplace_back();
  origin.id = {config.cluster, config.replica};
  origin.stamp = {1, 1};
  origin.local = true;
  origin.rows = discovery::Rows().with(rows);
  return publication;
}

// A virtual destination that maps a port which cannot be mapped is wrong by itself (DESIGN §5);
// what a route table or a service with more ports brings about is no reason not to serve it, nor is
// a mapping that is right in Gloo and only waits for our forwarder to speak HTTP/2.
void add_dead_ports(const discovery::view::Destination& destination,
                    const resources::Documents& documents, resources::Problems& problems) {
  using Destination = discovery::view::Destination;
  const bool virtual_one = destination.kind == Destination::Kind::virtual_destination;
  resources::Place place;
  if (virtual_one)
    for (const auto& document : documents.virtual_destinations)
      if (document.metadata.namespace_ == destination.namespace_ &&
          document.metadata.name == destination.name)
        place = document.metadata.place;
  const bool maps = virtual_one && destination.door.kind == discovery::view::Door::Kind::endpoints;
  for (const auto& dead : destination.dead_ports) {
    const auto* port = destination.find_port(dead.number);
    const bool wrong = maps && !(port && discovery::view::is_http2(port->protocol));
    problems.push_back({wrong ? resources::Severity::error : resources::Severity::warning, place,
                        destination.defined_by, virtual_one ? "spec.ports" : "", dead.why, ""});
  }
}

}  // namespace

Alone serve_alone(const Config& config, const resources::Documents& documents,
                  forwarder::Others others) {
  Alone alone;
  auto rows = local_rows(documents, config.role, export_rule(config));
  alone.problems = std::move(rows.problems);
  if (!config.is_leaf())
    std::ranges::move(warn_of_foreign_hosts(documents.virtual_destinations, config.dns.zones),
                      std::back_inserter(alone.problems));
  auto rules = assembly_rules(config);
  rules.routed_hosts = routed_hosts(documents);
  rules.home = discovery::sources::rows_at_home(std::move(rows.home), config.locality);
  discovery::Assembler assembler;
  const auto resolution = discovery::view::resolve(
      assembler.assemble(publish_alone(config, std::move(rows.rows)), rules, 1));
  for (const auto& [host, destination] : resolution.view->destinations) {
    alone.conflicts.insert(alone.conflicts.end(), destination->conflicts.begin(),
                           destination->conflicts.end());
    add_dead_ports(*destination, documents, alone.problems);
  }
  forwarder::KeptUpstreams kept;
  auto routing = forwarder_config(config);
  routing.others = others;
  auto compiled = forwarder::compile(documents.route_tables, resolution, routing, kept);
  alone.problems.insert(alone.problems.end(), compiled.problems.begin(), compiled.problems.end());
  alone.statuses = std::move(compiled.statuses);
  alone.listeners = compiled.table->listeners;
  return alone;
}

}  // namespace agent
