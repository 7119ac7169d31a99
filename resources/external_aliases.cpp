#include "resources/external_aliases.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "resources/cross_checks.hpp"
#include "resources/kinds/names.hpp"

namespace resources {
namespace {

constexpr std::string_view kPrefix = "external:";
constexpr std::string_view kBackend = "--external";

// A DNS label, as services are called; of two external services never the same.
std::string backend_of(const ExternalService& service) {
  const auto& name = service.metadata.name;
  auto backend = name + std::string(kBackend);
  if (is_dns_label(backend)) return backend;
  constexpr char kHex[] = "0123456789abcdef";
  backend = "x";
  for (auto hash = base::hash64(name); hash != 0; hash >>= 4) backend += kHex[hash & 15];
  return backend.append(kBackend);
}

std::string name_of(const ExternalServicePort& port) {
  return port.name.empty() ? "port-" + std::to_string(port.number) : port.name;
}

// The port of such an endpoint that traffic for `port` goes to; 0 = it has none.
std::uint16_t target_of(const ExternalServicePort& port, const std::vector<SlicePort>& ports) {
  const auto called = [&](std::string_view name) -> std::uint16_t {
    const auto found = std::ranges::find(ports, name, &SlicePort::name);
    return found == ports.end() ? std::uint16_t{0} : found->number;
  };
  if (port.target_port.number != 0) return port.target_port.number;
  if (!port.target_port.name.empty()) return called(port.target_port.name);
  if (const auto same = called(port.name); !port.name.empty() && same != 0) return same;
  if (ports.size() == 1 && ports.front().name.empty()) return ports.front().number;
  if (ports.empty() || std::ranges::count(ports, port.number, &SlicePort::number))
    return port.number;
  return 0;
}

StaticEndpoint endpoint_for(const ExternalService& service, const std::vector<SlicePort>& ports) {
  StaticEndpoint endpoint;
  for (const auto& port : service.ports)
    if (const auto target = target_of(port, ports); target != 0)
      endpoint.ports.push_back({name_of(port), target, ""});
  return endpoint;
}

std::vector<StaticEndpoint> selected(const ExternalService& service,
                                     const SharedList<ExternalEndpoint>& endpoints) {
  std::vector<StaticEndpoint> made;
  if (service.selector.empty()) return made;
  for (const auto& endpoint : endpoints) {
    if (!base::contains_all(endpoint.metadata.labels, service.selector)) continue;
    auto one = endpoint_for(service, endpoint.ports);
    one.ip = endpoint.ip;
    one.name = endpoint.name;
    one.locality = endpoint.locality;
    one.labels = endpoint.metadata.labels;
    one.place = endpoint.metadata.place;
    made.push_back(std::move(one));
  }
  return made;
}

std::vector<StaticEndpoint> endpoints_of(const ExternalService& service,
                                         const SharedList<ExternalEndpoint>& endpoints) {
  auto made = selected(service, endpoints);
  if (!made.empty()) return made;
  for (const auto& ip : service.addresses) made.emplace_back(endpoint_for(service, {})).ip = ip;
  if (!made.empty()) return made;
  for (const auto& host : service.hosts)
    if (!host.starts_with('*')) made.emplace_back(endpoint_for(service, {})).name = host;
  return made;
}

// Where the port leads, for who has no endpoint at hand to ask: another number where one of them
// has it elsewhere.
std::uint16_t declared_target(const ExternalServicePort& port,
                              const std::vector<StaticEndpoint>& endpoints) {
  for (const auto& endpoint : endpoints)
    for (const auto& at : endpoint.ports)
      if (at.name == name_of(port) && at.number != port.number) return at.number;
  return port.number;
}

void warn_of_lost_ports(const ExternalService& service,
                        const std::vector<StaticEndpoint>& endpoints, Problems& problems) {
  for (std::size_t i = 0; i < service.ports.size(); ++i) {
    const auto& port = service.ports[i];
    const bool served = std::ranges::any_of(endpoints, [&](const StaticEndpoint& endpoint) {
      return std::ranges::count(endpoint.ports, name_of(port), &SlicePort::name) > 0;
    });
    if (served) continue;
    problems.push_back(about(
        Severity::warning, "ExternalService", service.metadata, port.place,
        "spec.ports[" + std::to_string(i) + ']',
        endpoints.empty() ? "it leads nowhere: there is no ExternalEndpoint that it selects, no "
                            "address and no host that can be looked up"
                          : "no endpoint has the port that it leads to",
        endpoints.empty() ? "add an ExternalEndpoint with the labels of the selector"
                          : "name a port of the endpoints, or give its number, in targetPort"));
  }
}

}  // namespace

std::string external_alias(std::string_view external_service) {
  return std::string(kPrefix).append(external_service);
}

DestinationTitle title_of(std::string_view destination) {
  if (!destination.starts_with(kPrefix)) return {"VirtualDestination", destination};
  return {"ExternalService", destination.substr(kPrefix.size())};
}

DestinationKind kind_of(std::string_view destination) {
  return destination.starts_with(kPrefix) ? DestinationKind::external_service
                                          : DestinationKind::virtual_destination;
}

std::size_t count_written(const SharedList<VirtualDestination>& destinations) {
  return static_cast<std::size_t>(std::ranges::count_if(destinations, [](const auto& destination) {
    return kind_of(destination.metadata.name) == DestinationKind::virtual_destination;
  }));
}

Documents make_aliases(const SharedList<ExternalService>& services,
                       const SharedList<ExternalEndpoint>& endpoints, Problems& problems) {
  Documents made;
  for (const auto& service : services) {
    StaticService backend;
    backend.metadata = service.metadata;
    backend.metadata.name = backend_of(service);
    backend.checked = false;          // they are not ours
    backend.metadata.labels.clear();  // what selects services does not mean it …
    backend.external = {service.metadata.name,
                        service.metadata.labels};  // … but what selects these
    backend.endpoints = endpoints_of(service, endpoints);
    warn_of_lost_ports(service, backend.endpoints, problems);
    std::erase_if(backend.endpoints, [](const auto& endpoint) { return endpoint.ports.empty(); });

    VirtualDestination alias;
    alias.metadata = service.metadata;
    alias.metadata.name = external_alias(service.metadata.name);
    alias.hosts = service.hosts;
    alias.host_places = service.host_places;
    auto& selector = alias.services.emplace_back();
    selector.name = backend.metadata.name;
    selector.namespace_ = backend.metadata.namespace_;
    for (const auto& port : service.ports) {
      const auto target = declared_target(port, backend.endpoints);
      const auto said = port.protocol == kTlsProtocol ? std::string(kTlsProtocol) : "";
      backend.ports.push_back({name_of(port), port.number, {target, ""}, said});
      alias.ports.push_back({port.number, port.protocol, {0, name_of(port)}});
    }
    made.static_services.push_back(std::move(backend));
    made.virtual_destinations.push_back(std::move(alias));
  }
  return made;
}

}  // namespace resources
