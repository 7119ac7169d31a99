#include "discovery/drafts.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "base/ascii.hpp"
#include "discovery/claims.hpp"
#include "resources/external_aliases.hpp"

namespace discovery {
namespace {

using view::Destination;
using Services = std::vector<std::shared_ptr<const view::Service>>;

// Kubernetes leaves the protocol open more often than not; Istio's convention reads it from the
// port's name, up to the first '-'. A port with neither is HTTP, as in a VirtualDestination; a name
// that says nothing is TCP.
std::string protocol_of(const view::ServicePort& port) {
  const auto said =
      port.app_protocol.empty() ? port.name.substr(0, port.name.find('-')) : port.app_protocol;
  const auto is = [&said](std::string_view word) { return base::equal_ignoring_case(said, word); };
  if (said.empty() || is("web")) return "HTTP";
  if (is("kubernetes.io/h2c")) return "HTTP2";
  for (const char* known : {"HTTP", "HTTPS", "HTTP2", "GRPC", "TLS", "MONGO"})
    if (is(known)) return known;
  return "TCP";
}

}  // namespace

bool same_but_door(const Destination& a, const Destination& b) {
  return a.services == b.services && a.kind == b.kind && a.defined_by == b.defined_by &&
         a.namespace_ == b.namespace_ && a.name == b.name && a.cluster == b.cluster &&
         a.labels == b.labels && a.ports == b.ports && a.headless == b.headless &&
         a.home_only == b.home_only && a.prefer == b.prefer && a.failover == b.failover &&
         a.conflicts == b.conflicts;
}

bool selects(const resources::VirtualDestination& definition, const view::Service& service) {
  const auto is_selected = [&](const auto& selectors, const auto& labels, const auto& name) {
    return std::ranges::any_of(selectors, [&](const auto& selector) {
      return selector.matches(labels, name, service.namespace_, service.cluster);
    });
  };
  // An external service's endpoints are those that its own cluster gives it.
  if (resources::kind_of(definition.metadata.name) == resources::DestinationKind::external_service)
    return service.cluster == definition.metadata.cluster &&
           is_selected(definition.services, service.labels, service.name);
  if (service.external)
    return is_selected(definition.external_services, service.external->labels,
                       service.external->name);
  return is_selected(definition.services, service.labels, service.name);
}

Destination draft(const std::string& host, const resources::VirtualDestination& definition,
                  std::vector<std::string> conflicts, const Services& all) {
  Destination made;
  made.kind = Destination::Kind::virtual_destination;
  made.host = host;
  made.defined_by = describe(definition);
  made.namespace_ = definition.metadata.namespace_;
  made.name = definition.metadata.name;
  made.cluster = definition.metadata.cluster;
  made.labels = definition.metadata.labels;
  made.prefer = definition.prefer;
  made.conflicts = std::move(conflicts);
  for (const auto& port : definition.ports)
    made.ports.push_back({port.number, port.target_port.name, port.protocol, port.target_port.name,
                          port.target_port.number});
  // Gloo: one service a cluster; further ones are named and left out, but for external services
  // (gloo.md §3).
  std::map<std::string, const view::Service*> taken;
  for (const auto& service : all) {
    if (!selects(definition, *service)) continue;
    if (service->external) {
      made.services.push_back(service);
      continue;
    }
    if (const auto [first, is_first] = taken.emplace(service->cluster, service.get()); is_first)
      made.services.push_back(service);
    else
      made.conflicts.push_back("service " + service->namespace_ + "/" + service->name +
                               " of cluster " + service->cluster + " is selected too; " +
                               first->second->namespace_ + "/" + first->second->name + " is used");
  }
  made.headless =
      !made.services.empty() && std::all_of(made.services.begin(), made.services.end(),
                                            [](const auto& service) { return service->headless; });
  return made;
}

Destination draft(std::string host, const Services& services) {
  Destination made;
  made.kind = Destination::Kind::service;
  made.host = std::move(host);
  made.namespace_ = services.front()->namespace_;
  made.name = services.front()->name;
  made.cluster = services.front()->cluster;
  made.labels = services.front()->labels;
  made.defined_by = "Service " + made.namespace_ + "/" + made.name;
  made.services = services;
  made.headless = services.front()->headless;
  made.home_only = services.front()->home_only;
  std::set<std::uint16_t> seen;
  for (const auto& service : services)
    for (const auto& port : service->ports)
      if (seen.insert(port.number).second)
        made.ports.push_back({port.number, port.name, protocol_of(port), "", 0});
  return made;
}

}  // namespace discovery
