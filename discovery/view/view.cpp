#include "discovery/view/view.hpp"

#include <algorithm>

#include "resources/external_aliases.hpp"
#include "resources/external_service.hpp"

namespace discovery::view {

std::string_view to_string(Health health) {
  switch (health) {
    case Health::healthy:
      return "healthy";
    case Health::unhealthy:
      return "unhealthy";
    case Health::draining:
      return "draining";
  }
  return "unknown";
}

std::string_view to_string(Freshness freshness) {
  switch (freshness) {
    case Freshness::fresh:
      return "fresh";
    case Freshness::stale:
      return "stale";
    case Freshness::demoted:
      return "demoted";
    case Freshness::dead:
      return "dead";
  }
  return "unknown";
}

const Destination* View::find(std::string_view host) const {
  const auto found = std::ranges::lower_bound(destinations, host, {}, [](const auto& destination) {
    return std::string_view(destination->host);
  });
  return found == destinations.end() || (*found)->host != host ? nullptr : found->get();
}

const Cluster* View::find_cluster(std::string_view name) const {
  const auto found = clusters.find(name);
  return found == clusters.end() ? nullptr : &found->second;
}

const Drains* View::find_drains(std::string_view of) const {
  const auto found = drains.find(of);
  return found == drains.end() ? nullptr : &found->second;
}

std::string call_without_host(const resources::VirtualDestination& definition) {
  const auto [kind, name] = resources::title_of(definition.metadata.name);
  return std::string(kind) + ' ' + definition.metadata.namespace_ + '/' + std::string(name);
}

const DestinationPort* Destination::find_port(std::uint16_t number) const {
  const auto found = std::find_if(ports.begin(), ports.end(),
                                  [number](const auto& p) { return p.number == number; });
  return found == ports.end() ? nullptr : &*found;
}

bool is_http1(std::string_view protocol) { return protocol.empty() || protocol == "HTTP"; }

bool is_http2(std::string_view protocol) { return protocol == "HTTP2" || protocol == "GRPC"; }

const ServicePort* declared_port(const DestinationPort& port, const Service& service) {
  const auto wanted = port.target_number ? port.target_number : port.number;
  // Nobody who speaks HTTP is sent to what takes TLS.
  const auto takes_tls = [&](const ServicePort& p) {
    return service.external && p.app_protocol == resources::kTlsProtocol;
  };
  const auto names_it = [&](const ServicePort& p) {
    if (takes_tls(p) && is_http1(port.protocol)) return false;
    return port.target_name.empty() ? p.number == wanted : p.name == port.target_name;
  };
  const auto declared = std::find_if(service.ports.begin(), service.ports.end(), names_it);
  return declared == service.ports.end() ? nullptr : &*declared;
}

std::optional<std::uint16_t> target_port(const DestinationPort& port, const Service& service,
                                         const Traits& endpoints) {
  const auto wanted = port.target_number ? port.target_number : port.number;
  const auto* declared = declared_port(port, service);
  if (!declared) {
    // Endpoints whose service says no ports (a slice without its Service) are asked themselves.
    if (!service.ports.empty()) return std::nullopt;
    for (const auto& own : endpoints.ports)
      if (port.target_name.empty() ? own.number == wanted : own.name == port.target_name)
        return own.number;
    return std::nullopt;
  }
  // Kubernetes joins a service's port to a slice's port by the port's name (EndpointSlice v1,
  // "ports[].name").
  for (const auto& own : endpoints.ports)
    if (own.name == declared->name) return own.number;
  if (!endpoints.ports.empty()) return std::nullopt;
  return declared->target_number ? declared->target_number : declared->number;
}

}  // namespace discovery::view
