#include "tests/unit/forwarder/scene.hpp"

#include <algorithm>
#include <map>

#include "forwarder/routes.hpp"

namespace scene {

using discovery::view::Destination;
using discovery::view::Service;

Incoming::Incoming(std::string_view method, std::string_view host, std::string_view target,
                   std::vector<forwarder::http::Header> headers, std::uint16_t port) {
  head.method = method;
  head.authority = host;
  head.target = target;
  const auto mark = target.find('?');
  head.path = target.substr(0, mark);
  head.has_query = mark != std::string_view::npos;
  if (head.has_query) head.query = target.substr(mark + 1);
  head.headers = std::move(headers);
  value.port = port;
  value.head = &head;
}

namespace {
resources::HttpMatcher path(resources::PathMatch::Kind kind, std::string value) {
  resources::HttpMatcher matcher;
  matcher.path = resources::PathMatch{kind, std::move(value), false};
  return matcher;
}
}  // namespace

resources::HttpMatcher prefix(std::string value) {
  return path(resources::PathMatch::Kind::prefix, std::move(value));
}
resources::HttpMatcher separated(std::string value) {
  return path(resources::PathMatch::Kind::separated_prefix, std::move(value));
}
resources::HttpMatcher exact(std::string value) {
  return path(resources::PathMatch::Kind::exact, std::move(value));
}
resources::HttpMatcher regex(std::string value) {
  return path(resources::PathMatch::Kind::regex, std::move(value));
}
resources::HttpMatcher method(std::string name) {
  resources::HttpMatcher matcher;
  matcher.method = std::move(name);
  return matcher;
}
resources::ValueMatch header(std::string name, std::string value) {
  return {std::move(name), resources::ValueMatch::Kind::exact, std::move(value), false};
}

resources::DestinationRef service(std::string name, std::uint16_t port) {
  resources::DestinationRef ref;
  ref.ref.name = std::move(name);
  ref.port.number = port;
  return ref;
}
resources::DestinationRef virtual_destination(std::string name, std::uint16_t port) {
  auto ref = service(std::move(name), port);
  ref.kind = resources::DestinationKind::virtual_destination;
  return ref;
}
resources::DestinationRef weighing(resources::DestinationRef ref, std::uint32_t weight) {
  ref.weight = weight;
  return ref;
}

resources::HttpRoute route(std::vector<resources::HttpMatcher> matchers,
                           resources::HttpAction action) {
  resources::HttpRoute route;
  route.matchers = std::move(matchers);
  route.action = std::move(action);
  return route;
}
resources::ForwardTo to(std::string service_name) {
  resources::ForwardTo forward;
  forward.destinations.push_back(service(std::move(service_name)));
  return forward;
}
resources::DirectResponse says(std::string body) { return {200, std::move(body)}; }
resources::Delegate delegate_to(std::vector<std::string> names) {
  resources::Delegate delegate;
  for (auto& name : names) {
    resources::ObjectSelector selector;
    selector.name = std::move(name);
    delegate.tables.push_back(std::move(selector));
  }
  return delegate;
}

resources::RouteTable table(std::string name, std::vector<std::string> hosts,
                            std::vector<resources::HttpRoute> routes) {
  resources::RouteTable table;
  table.metadata.name = std::move(name);
  table.metadata.namespace_ = "shop";
  table.hosts = std::move(hosts);
  table.http = std::move(routes);
  return table;
}

Mesh::Mesh() { listens_on({"127.0.0.9"}); }

Mesh& Mesh::listens_on(std::vector<std::string> addresses) {
  addresses_.clear();
  for (const auto& address : addresses)
    addresses_.push_back(base::IpAddress::parse(address).value());
  return *this;
}

Mesh& Mesh::has(std::string cluster, std::string name, std::vector<std::string> endpoints,
                base::Labels labels) {
  auto found = std::find_if(services_.begin(), services_.end(), [&](const Service& s) {
    return s.cluster == cluster && s.name == name;
  });
  if (found == services_.end()) {
    Service service;
    service.cluster = cluster;
    service.namespace_ = "shop";
    service.name = std::move(name);
    service.ports.push_back({"http", 80, "", 8080, "http"});
    found = services_.insert(services_.end(), std::move(service));
  }
  discovery::view::Traits traits;
  traits.cluster = cluster;
  traits.labels = std::move(labels);
  for (const auto& ip : endpoints) {
    discovery::view::Endpoint endpoint;
    endpoint.ip = base::IpAddress::parse(ip).value();
    endpoint.traits = std::make_shared<const discovery::view::Traits>(traits);
    found->endpoints.push_back(std::move(endpoint));
  }
  return *this;
}

Mesh& Mesh::loses(std::string_view name) {
  std::erase_if(services_, [&](const Service& service) { return service.name == name; });
  return *this;
}

Mesh& Mesh::has_virtual(std::string host, std::string name, std::uint16_t port,
                        std::string protocol) {
  Destination destination;
  destination.kind = Destination::Kind::virtual_destination;
  destination.host = std::move(host);
  destination.namespace_ = "shop";
  destination.name = std::move(name);
  destination.cluster = "east";
  destination.defined_by = "VirtualDestination east/shop/" + destination.name;
  destination.ports.push_back({port, "", std::move(protocol), "http", 0});
  virtual_.push_back(std::move(destination));
  return *this;
}

Mesh& Mesh::loses_virtual(std::string_view host) {
  std::erase_if(virtual_, [&](const Destination& destination) { return destination.host == host; });
  return *this;
}

Service& Mesh::service(std::string_view cluster, std::string_view name) {
  return *std::find_if(services_.begin(), services_.end(),
                       [&](const Service& s) { return s.cluster == cluster && s.name == name; });
}

namespace {
void lead_to_forwarder(Destination& destination, bool headless) {
  using discovery::view::Door;
  destination.headless = headless;
  const bool spoken = discovery::view::is_http1(destination.ports.front().protocol);
  if (headless)
    destination.door.why = "headless: the endpoints themselves";
  else if (!spoken)
    destination.door.why = "none of its ports is HTTP/1.1";
  else
    destination.door = {Door::Kind::forwarder, "a route table names the host", {}};
}
}  // namespace

forwarder::Compiled Mesh::compile(const resources::SharedList<resources::RouteTable>& tables) {
  resources::Documents documents;
  documents.route_tables = tables;
  return compile_all(documents);
}

forwarder::Compiled Mesh::compile_all(const resources::Documents& documents) {
  const auto& tables = documents.route_tables;
  auto view = std::make_shared<discovery::view::View>();
  view->cluster = "east";
  view->synced = synced_;
  for (const auto& service : services_)
    view->services.push_back(std::make_shared<const Service>(service));
  std::map<std::string, discovery::view::Destination> destinations;
  for (const auto& service : view->services) {
    const auto host = service->name + ".shop.mesh.internal";
    auto& destination = destinations[host];
    destination.host = host;
    destination.namespace_ = "shop";
    destination.name = service->name;
    if (destination.cluster.empty()) destination.cluster = service->cluster;
    destination.labels = service->labels;
    destination.services.push_back(service);
    if (destination.ports.empty()) destination.ports.push_back({80, "http", "", "http", 0});
  }
  for (auto destination : virtual_) {
    for (const auto& service : view->services)
      if (service->name == destination.name) destination.services.push_back(service);
    destinations[destination.host] = destination;
  }
  for (const auto& table : tables)
    for (const auto& host : table.hosts)
      if (const auto named = destinations.find(host); named != destinations.end())
        lead_to_forwarder(named->second, headless_ == host);
  for (auto& [host, destination] : destinations)
    view->destinations.push_back(
        std::make_shared<const discovery::view::Destination>(std::move(destination)));
  const forwarder::ForwarderConfig config{"east", addresses_, others_};
  return forwarder::compile(documents, discovery::view::resolve(view), config, kept_, now_);
}

forwarder::Decision decide(const forwarder::Table& table, const Incoming& request,
                           std::uint64_t seed) {
  base::Random random(seed);
  return table.decide(request.value, random);
}

std::string outcome(const forwarder::Table& table, const Incoming& request) {
  const auto decision = decide(table, request);
  if (const auto* forward = std::get_if<forwarder::Forward>(&decision.action))
    return std::string(decision.route) + " -> " +
           (forward->upstream ? forward->upstream->name : "nothing") + ' ' +
           forwarder::target_sent(*forward, *request.value.head);
  const auto& reply = *std::get_if<forwarder::Reply>(&decision.action);
  auto text = std::to_string(reply.status);
  if (!reply.location.empty()) text += ' ' + reply.location;
  if (!reply.body.empty()) text += ' ' + reply.body;
  return text;
}

std::string route_of(const forwarder::Table& table, const Incoming& request) {
  return std::string(decide(table, request).route);
}

}  // namespace scene
