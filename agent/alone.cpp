#include "agent/alone.hpp"

#include <algorithm>

#include "agent/foreign_hosts.hpp"
#include "agent/routed_hosts.hpp"
#include "agent/settings.hpp"
#include "resources/external_aliases.hpp"
#include "resources/external_service.hpp"

namespace agent {
namespace {

// A virtual destination that maps a port which cannot be mapped is wrong by itself (DESIGN §5);
// what a route table or a service with more ports brings about is no reason not to serve it, nor is
// a mapping that is right in Gloo and only waits for our forwarder to speak HTTP/2 or TLS.
void add_dead_ports(const discovery::view::Destination& destination,
                    const resources::Documents& documents, resources::Problems& problems) {
  using Destination = discovery::view::Destination;
  const bool virtual_one = destination.kind == Destination::Kind::virtual_destination;
  if (!virtual_one && destination.services.front()->external) return;  // told of what it serves
  resources::Place place;
  if (virtual_one)
    for (const auto& document : documents.virtual_destinations)
      if (document.metadata.namespace_ == destination.namespace_ &&
          document.metadata.name == destination.name)
        place = document.metadata.place;
  const bool maps = virtual_one && destination.door.kind == discovery::view::Door::Kind::endpoints;
  for (const auto& dead : destination.dead_ports) {
    const auto* port = destination.find_port(dead.number);
    const bool external = virtual_one && resources::kind_of(destination.name) ==
                                             resources::DestinationKind::external_service;
    const bool waits = port && (discovery::view::is_http2(port->protocol) ||
                                (external && port->protocol == resources::kTlsProtocol));
    const bool wrong = maps && !waits;
    problems.push_back({wrong ? resources::Severity::error : resources::Severity::warning, place,
                        destination.defined_by, virtual_one ? "spec.ports" : "", dead.why, ""});
  }
}

}  // namespace

discovery::Publication Rehearsal::publish(const Config& config, discovery::RowChanges changes) {
  rows_ = rows_.with(changes_at(++version_, std::move(changes)));
  discovery::Publication publication;
  publication.synced = true;
  auto& origin = publication.origins.emplace_back();
  origin.id = {config.cluster, config.replica};
  origin.stamp = {1, version_};
  origin.local = true;
  origin.rows = rows_;
  return publication;
}

Alone Rehearsal::serve(const Config& config, const resources::Documents& documents,
                       forwarder::Others others) {
  if (rows_only_) *this = Rehearsal();
  Alone alone;
  auto made = local_.update(documents, config.role, export_rule(config), config.locality);
  alone.problems = std::move(made.problems);
  if (!config.is_leaf())
    std::ranges::move(warn_of_foreign_hosts(documents.virtual_destinations, config.dns.zones),
                      std::back_inserter(alone.problems));
  auto rules = assembly_rules(config);
  rules.routed_hosts = routed_hosts(documents);
  rules.home = std::move(made.home);
  const auto publication = publish(config, std::move(made.changes));
  const auto resolution = resolver_.resolve(assembler_.assemble(publication, rules, version_));
  for (const auto& destination : resolution->view->destinations) {
    alone.conflicts.insert(alone.conflicts.end(), destination->conflicts.begin(),
                           destination->conflicts.end());
    add_dead_ports(*destination, documents, alone.problems);
  }
  auto routing = forwarder_config(config);
  routing.others = others;
  auto compiled = forwarder::compile(documents, *resolution, routing, routing_);
  alone.problems.insert(alone.problems.end(), compiled.problems.begin(), compiled.problems.end());
  alone.statuses = std::move(compiled.statuses);
  alone.listeners = compiled.table->listeners;
  return alone;
}

resources::Problems Rehearsal::errors(const Config& config, const resources::Documents& documents,
                                      forwarder::Others others) {
  resources::Problems problems;
  if (documents.virtual_destinations.empty() && documents.route_tables.empty()) {
    rows_only_ = true;
    problems = local_.update(documents, config.role, export_rule(config), config.locality).problems;
  } else {
    problems = serve(config, documents, others).problems;
  }
  std::erase_if(problems, [](const auto& p) { return p.severity != resources::Severity::error; });
  return problems;
}

}  // namespace agent
