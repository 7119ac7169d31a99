// A small mesh by hand: destinations with tiers of endpoints, made into a Resolution and a Table.
#pragma once

#include <array>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/responder.hpp"
#include "dns/table_builder.hpp"
#include "tests/unit/dns/reading.hpp"

namespace mesh {

namespace view = discovery::view;

struct TestEndpoint {
  std::string ip;
  std::string cluster = "east";
  std::string hostname{};
  std::uint32_t weight = 1;
  view::Reason reason = view::Reason::selected;
  bool stale = false;
  base::Locality locality{};
};

struct TestTier {
  double share = 1;
  std::vector<TestEndpoint> endpoints;
};

struct TestHost {
  std::string host;
  std::vector<TestTier> tiers;
  std::vector<TestEndpoint> left_out{};
  bool headless = false, fail_open = false, degraded = false;
  view::Door door{};
  std::vector<view::DestinationPort> ports{{9080, "http", "HTTP", {}, 0}};
};

class Mesh {
 public:
  Mesh() {
    config.zones = {"mesh.internal"};
    config.ns_addresses = {base::IpAddress::parse("127.0.0.54").value()};
    config.agent = "east-0";
    config.software = "nearmost test";
    view_->version = 7;
    view_->cluster = "east";
    view_->synced = true;
    callers_.classes = {view::Caller{.cluster = "east", .locality = {}, .networks = {}}};
  }

  // A selection for every class of callers in turn; the last is used for those left.
  Mesh& add(const TestHost& host) { return add(std::vector<TestHost>{host}); }
  Mesh& add(const std::vector<TestHost>& by_class);
  Mesh& remove(const std::string& host) { return hosts_.erase(host), made_.erase(host), *this; }
  Mesh& unsynced() { return view_->synced = false, *this; }
  Mesh& synced() { return view_->synced = true, *this; }
  Mesh& caller(const std::string& ip, const std::string& zone);

  // Their classes stay.
  Mesh& forget_callers() { return callers_.class_of.clear(), *this; }
  // Callers there are of a class that caller() has made.
  Mesh& network(const std::string& cidr, std::uint16_t class_) {
    networks_.push_back({base::Cidr::parse(cidr).value(), class_});
    callers_.networks = view::NetworkClasses(networks_);
    return *this;
  }

  // Hosts that were not added again are the same objects as in the resolution before.
  std::shared_ptr<const view::Resolution> resolution();
  std::unique_ptr<const dns::Table> table() {
    return dns::TableBuilder().build(resolution(), config);
  }

  dns::ZoneConfig config;

 private:
  view::Selection select(const TestHost& host);

  std::shared_ptr<view::View> view_ = std::make_shared<view::View>();
  view::Callers callers_;
  std::vector<view::NetworkClasses::Entry> networks_;
  std::map<std::string, std::vector<TestHost>> hosts_;
  std::map<std::string, std::shared_ptr<const view::ResolvedDestination>> made_;
  std::map<std::array<std::string, 6>, std::shared_ptr<const view::Service>> services_;
};

inline Mesh& Mesh::add(const std::vector<TestHost>& by_class) {
  hosts_[by_class.front().host] = by_class;
  made_.erase(by_class.front().host);
  std::erase_if(services_, [&](const auto& s) { return s.first[0] == by_class.front().host; });
  return *this;
}

inline Mesh& Mesh::caller(const std::string& ip, const std::string& zone) {
  callers_.class_of[base::IpAddress::parse(ip).value()] =
      static_cast<std::uint16_t>(callers_.classes.size());
  made_.clear();
  callers_.classes.push_back({.cluster = "east", .locality = {"us", zone, ""}, .networks = {}});
  return *this;
}

inline std::shared_ptr<const view::Service> service_of(
    const TestEndpoint& e, const std::vector<view::DestinationPort>& ports) {
  auto service = std::make_shared<view::Service>();
  service->cluster = e.cluster;
  service->name = "ratings";
  view::Traits traits;
  traits.cluster = e.cluster;
  traits.hostname = e.hostname;
  traits.locality = e.locality;
  view::Endpoint endpoint;
  endpoint.ip = base::IpAddress::parse(e.ip).value();
  endpoint.weight = e.weight;
  if (e.reason == view::Reason::unhealthy) endpoint.health = view::Health::unhealthy;
  for (const auto& port : ports) {
    const auto name = "p" + std::to_string(port.number);
    service->ports.push_back({name, port.number, "", 0, ""});
    traits.ports.push_back({name, port.number});
  }
  endpoint.traits = std::make_shared<const view::Traits>(std::move(traits));
  service->endpoints.push_back(endpoint);
  return service;
}

inline view::Selection Mesh::select(const TestHost& host) {
  view::Selection selection;
  selection.fail_open = host.fail_open;
  selection.degraded = host.degraded || host.fail_open;
  const auto choose = [&](const TestEndpoint& e) {
    // One object for all classes of callers, as in a view.
    auto& made = services_[{host.host, e.ip, e.cluster, e.hostname, std::to_string(e.weight),
                            e.locality.to_string()}];
    if (!made) made = service_of(e, host.ports);
    return view::Choice{made.get(), 0, e.reason, e.stale};
  };
  for (const auto& tier : host.tiers) {
    selection.tiers.push_back({"tier", tier.share, {}});
    for (const auto& endpoint : tier.endpoints)
      selection.tiers.back().endpoints.push_back(choose(endpoint));
  }
  for (const auto& endpoint : host.left_out) selection.left_out.push_back(choose(endpoint));
  return selection;
}

inline std::shared_ptr<const view::Resolution> Mesh::resolution() {
  auto resolution = std::make_shared<view::Resolution>();
  resolution->view = std::make_shared<const view::View>(*view_);
  resolution->callers = std::make_shared<const view::Callers>(callers_);
  for (const auto& [name, by_class] : hosts_) {
    auto& made = made_[name];
    if (!made) {
      view::Destination destination;
      destination.host = name;
      destination.defined_by = "VirtualDestination east/bookinfo/ratings";
      destination.headless = by_class.front().headless;
      destination.door = by_class.front().door;
      destination.ports = by_class.front().ports;
      auto resolved = std::make_shared<view::ResolvedDestination>();
      for (std::size_t c = 0; c < callers_.classes.size(); ++c)
        resolved->by_class.push_back(select(by_class[std::min(c, by_class.size() - 1)]));
      for (const auto& [key, service] : services_)
        if (key[0] == name) destination.services.push_back(service);
      resolved->destination = std::make_shared<const view::Destination>(destination);
      made = std::move(resolved);
    }
    resolution->destinations.push_back(made);
  }
  return resolution;
}

// One client that asks a table.
class Asker {
 public:
  explicit Asker(std::unique_ptr<const dns::Table> asked, std::uint64_t seed = 1)
      : table(std::move(asked)), random(seed) {}

  // What comes back; empty when nothing does.
  reading::Bytes send(const reading::Bytes& query, dns::Transport transport = dns::Transport::udp,
                      const std::string& from = "127.0.0.1") {
    reading::Bytes buffer(transport == dns::Transport::udp ? 2048 : dns::kMaxMessage);
    std::copy(query.begin(), query.end(), buffer.begin());
    buffer.resize(dns::answer(table.get(), {base::IpAddress::parse(from).value(), transport},
                              buffer, query.size(), random, counters,
                              can_pass_on ? &foreign : nullptr));
    return buffer;
  }
  reading::Answer ask(const reading::Ask& ask, dns::Transport transport = dns::Transport::udp,
                      const std::string& from = "127.0.0.1") {
    const auto bytes = send(reading::make(ask), transport, from);
    const auto answer = reading::read(bytes.data(), bytes.size());
    if (!answer) throw std::runtime_error("the answer is not a well-formed message");
    return *answer;
  }

  std::unique_ptr<const dns::Table> table;
  base::Random random;
  dns::Counters counters;
  bool can_pass_on = false;
  std::optional<dns::ForeignQuery> foreign;  // what is to be passed on, of the last query that is
};

// ratings: two tiers, the second a fall-back; kinds of hosts that the rules speak of.
inline Mesh bookinfo() {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal",
            .tiers = {{1, {{"10.0.0.1"}, {"10.0.0.2"}, {"10.0.0.3"}}},
                      {0, {{"10.1.0.1", "west"}, {"10.1.0.2", "west"}}}},
            .left_out = {{.ip = "10.0.0.9", .reason = view::Reason::unhealthy}}});
  return mesh;
}

}  // namespace mesh
