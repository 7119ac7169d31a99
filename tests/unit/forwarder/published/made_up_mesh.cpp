#include "tests/unit/forwarder/published/made_up_mesh.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "resources/external_aliases.hpp"

namespace published {
namespace {

namespace view = discovery::view;
using resources::DestinationKind;
using resources::DestinationRef;

constexpr const char* kOwnCluster = "cluster1";
constexpr std::uint16_t kPort = 80;  // where none is said

std::string host_of(const DestinationRef& ref, const std::string& home) {
  const auto* kind = ref.kind == DestinationKind::service               ? ".service"
                     : ref.kind == DestinationKind::virtual_destination ? ".virtual"
                                                                        : ".external";
  return ref.ref.name + '.' + (ref.ref.namespace_.empty() ? home : ref.ref.namespace_) + kind;
}

std::uint16_t port_of(const DestinationRef& ref) {
  return ref.port.number ? ref.port.number : kPort;
}

// What tables ask of one destination.
struct Wanted {
  DestinationRef ref;
  std::string namespace_;
  std::map<std::uint16_t, std::string> ports;  // with their names
  std::set<std::string> clusters;
  std::vector<base::Labels> subsets;
};
using WantedByHost = std::map<std::string, Wanted>;

void want(WantedByHost& all, const DestinationRef& ref, const std::string& home) {
  if (ref.kind == DestinationKind::unsupported) return;
  auto& wanted = all[host_of(ref, home)];
  wanted.ref = ref;
  wanted.namespace_ = ref.ref.namespace_.empty() ? home : ref.ref.namespace_;
  wanted.ports.emplace(port_of(ref), ref.port.name);
  // A virtual destination's cluster only says who defines it.
  const bool says = ref.kind == DestinationKind::service && !ref.ref.cluster.empty();
  wanted.clusters.insert(says ? ref.ref.cluster : kOwnCluster);
  wanted.subsets.push_back(ref.subset);
}

WantedByHost wanted_by(const resources::SharedList<resources::RouteTable>& tables) {
  WantedByHost all;
  for (const auto& table : tables) {
    const auto& home = table.metadata.namespace_;
    if (table.default_destination) want(all, *table.default_destination, home);
    for (const auto& route : table.http)
      if (const auto* forward = std::get_if<resources::ForwardTo>(&route.action))
        for (const auto& ref : forward->destinations) want(all, ref, home);
  }
  return all;
}

class Builder {
 public:
  void add(const std::string& host, const Wanted& wanted) {
    view::Destination destination;
    const auto kind = wanted.ref.kind;
    destination.kind = kind == DestinationKind::service
                           ? view::Destination::Kind::service
                           : view::Destination::Kind::virtual_destination;
    destination.host = host;
    destination.namespace_ = wanted.namespace_;
    destination.name = kind == DestinationKind::external_service
                           ? resources::external_alias(wanted.ref.ref.name)
                           : wanted.ref.ref.name;
    for (const auto& [number, name] : wanted.ports)
      destination.ports.push_back({number, name, "HTTP", "", number});
    destination.cluster = *wanted.clusters.begin();
    for (const auto& cluster : wanted.clusters) {
      auto service = service_of(cluster, wanted.namespace_, wanted.ref.ref.name);
      for (const auto& [number, name] : wanted.ports)
        service.ports.push_back({name, number, "", number, "http"});
      for (const auto& subset : wanted.subsets) add_endpoint(service, subset);
      destination.services.push_back(keep(std::move(service)));
    }
    view_->destinations.push_back(
        std::make_shared<const view::Destination>(std::move(destination)));
  }

  linear::Caller add_caller(const base::Labels& labels, const resources::ObjectSelector& as) {
    const auto or_else = [](const std::string& name, const char* other) {
      return name.empty() ? other : name;
    };
    auto service =
        service_of(kOwnCluster, or_else(as.namespace_, "callers"), or_else(as.name, "caller"));
    add_endpoint(service, labels);
    const linear::Caller caller{service.endpoints.front().ip, labels, service.name,
                                service.namespace_, service.cluster};
    keep(std::move(service));
    return caller;
  }

  view::Resolution resolution() && {
    view_->cluster = kOwnCluster;
    view_->synced = true;
    return view::resolve(view_);
  }

 private:
  static view::Service service_of(std::string cluster, std::string namespace_, std::string name) {
    view::Service service;
    service.cluster = std::move(cluster);
    service.namespace_ = std::move(namespace_);
    service.name = std::move(name);
    return service;
  }
  void add_endpoint(view::Service& service, const base::Labels& labels) {
    view::Traits traits;
    traits.cluster = service.cluster;
    traits.labels = labels;
    view::Endpoint endpoint;
    endpoint.ip = base::IpAddress::parse("127.1.0." + std::to_string(++endpoints_)).value();
    endpoint.traits = std::make_shared<const view::Traits>(std::move(traits));
    service.endpoints.push_back(std::move(endpoint));
  }
  std::shared_ptr<const view::Service> keep(view::Service service) {
    return view_->services.emplace_back(std::make_shared<const view::Service>(std::move(service)));
  }

  std::shared_ptr<view::View> view_ = std::make_shared<view::View>();
  int endpoints_ = 0;
};

resources::SharedList<resources::VirtualGateway> gateways_of(const resources::RouteTable& table) {
  resources::SharedList<resources::VirtualGateway> gateways;
  for (const auto& ref : table.virtual_gateways) {
    resources::VirtualGateway gateway;
    gateway.metadata.name = ref.name;
    gateway.metadata.namespace_ =
        ref.namespace_.empty() ? table.metadata.namespace_ : ref.namespace_;
    gateway.metadata.cluster = ref.cluster;
    auto& listener = gateway.listeners.emplace_back();
    listener.kind = resources::GatewayListener::Kind::http;
    listener.port = kPort;
    gateways.push_back(std::move(gateway));
  }
  return gateways;
}

}  // namespace

std::string upstream_of(const DestinationRef& ref, const std::string& home) {
  return host_of(ref, home) + ':' + std::to_string(port_of(ref));
}

Mesh made_up_mesh(const Scene& scene) {
  Builder builder;
  for (const auto& [host, wanted] : wanted_by(scene.all)) builder.add(host, wanted);
  Mesh mesh;
  bool any_selects = false;
  for (const auto& table : scene.all) {
    any_selects = any_selects || !table.workload_selectors.empty();
    for (const auto& selector : table.workload_selectors)
      mesh.selected.push_back(builder.add_caller(selector.labels, selector));
  }
  if (any_selects) mesh.strangers.push_back(builder.add_caller({{"app", "stranger"}}, {}));

  resources::Documents documents;
  documents.route_tables = scene.all;
  documents.virtual_gateways = gateways_of(*scene.root);
  const forwarder::ForwarderConfig config{
      kOwnCluster, {base::IpAddress::parse("127.0.0.9").value()}, forwarder::Others::may_be_heard};
  forwarder::KeptTable kept;
  mesh.compiled = forwarder::compile(documents, std::move(builder).resolution(), config, kept);
  return mesh;
}

}  // namespace published
