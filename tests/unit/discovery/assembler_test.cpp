// Going from view to view comes to the same as assembling each alone, and leaves alone what has not
// changed.
#include <algorithm>
#include <map>

#include "base/random.hpp"
#include "discovery/assemble.hpp"

#include <catch2/catch.hpp>

using namespace discovery;

namespace {

base::IpAddress ip(std::string_view text) { return *base::IpAddress::parse(text); }

RowValue service(std::size_t number, std::uint16_t port, bool headless = false) {
  const auto name = "web" + std::to_string(number);
  return ServiceRow{"shop", name, {{"app", name}}, {{"http", port, "", 8080, ""}}, headless};
}

RowValue endpoint(std::size_t service, const std::string& address, std::uint16_t port = 8080,
                  std::uint32_t weight = 1) {
  EndpointRow row{"shop", "web" + std::to_string(service), address, ip(address)};
  row.traits.ports = {{"http", port}};
  row.weight = weight;
  return row;
}

RowValue destination(std::size_t number, std::size_t app, std::vector<std::string> hosts) {
  DestinationRow row;
  row.destination.metadata.name = "d" + std::to_string(number);
  row.destination.metadata.namespace_ = "shop";
  row.destination.hosts = std::move(hosts);
  row.destination.services = {{{{"app", "web" + std::to_string(app)}}, "", "", "", ""}};
  row.destination.ports = {{8080, "HTTP", {}}};
  return row;
}

// Clusters that change, and an assembler that sees every state.
struct Mesh {
  Publication publication;
  AssemblyRules rules;
  Assembler assembler;
  std::uint64_t version = 0;

  Mesh() {
    rules.cluster = "east";
    rules.zones = {"mesh.internal"};
    rules.forwarders = {ip("127.0.1.1")};
    for (const char* cluster : {"east", "eu", "west"}) {
      auto& origin = publication.origins.emplace_back();
      origin.id = {cluster, 0};
      origin.local = origin.id.cluster == "east";
    }
  }
  void put(std::size_t origin, Row row) {
    row.version = ++version;
    auto& rows = publication.origins[origin].rows;
    rows = rows.with(std::span(&row, 1));
  }
  void write(std::size_t origin, const RowValue& value) {
    auto [key, bytes] = encode(value);
    put(origin, {std::move(key), 0, std::move(bytes), false});
  }
  void write_at_home(const RowValue& value) {
    auto [key, bytes] = encode(value);
    const Row row{std::move(key), ++version, std::move(bytes), false};
    rules.home = rules.home.with(std::span(&row, 1));
  }
  void remove_at_home(const std::string& key) {
    const Row row{key, ++version, {}, true};
    rules.home = rules.home.with(std::span(&row, 1));
  }
  void remove(std::size_t origin, const std::string& key) { put(origin, {key, 0, {}, true}); }
  auto view() { return assembler.assemble(publication, rules, ++version); }
};

std::string describe(const view::Destination& destination) {
  auto text = destination.host + " " + destination.defined_by + " " + destination.door.why;
  if (destination.headless) text += " headless";
  for (const auto& address : destination.door.addresses) text += " " + address.to_string();
  for (const auto& conflict : destination.conflicts) text += "\n  ! " + conflict;
  for (const auto& dead : destination.dead_ports) text += "\n  dead: " + dead.why;
  for (const auto& service : destination.services) {
    text += "\n  " + service->cluster;
    for (const auto& endpoint : service->endpoints)
      text += " " + endpoint.ip.to_string() + "*" + std::to_string(endpoint.weight);
    for (const auto& refused : service->refused)
      text += " -" + refused.endpoint.ip.to_string() + " " + refused.why;
  }
  return text + "\n";
}

std::string describe(const view::View& view) {
  std::string text;
  for (const auto& destination : view.destinations) text += describe(*destination);
  for (const auto& [name, cluster] : view.clusters)
    text += name + std::to_string(static_cast<int>(cluster.freshness));
  return text;
}

void change(Mesh& mesh, base::Random& random) {
  const auto origin = random.below(3), number = random.below(3), other = random.below(4);
  const auto address = "10." + std::to_string(origin) + ".0." + std::to_string(1 + other);
  const auto key = "shop/web" + std::to_string(number);
  switch (random.below(12)) {
    case 0:
      return mesh.write(origin, service(number, random.chance(0.5) ? 80 : 8080, other == 0));
    case 1:
      return mesh.remove(origin, "s/" + key);
    case 2:
      return mesh.remove(origin, "e/" + key + "/" + address);
    case 3: {
      // Where it takes no service's name, services change without moving a claim.
      std::vector<std::string> hosts{"d" + std::to_string(other) + ".mesh.internal"};
      if (random.chance(0.1))
        hosts.push_back("web" + std::to_string(other % 3) + ".shop.mesh.internal");
      return mesh.write(origin, destination(number, other % 3, std::move(hosts)));
    }
    case 4:
      return mesh.remove(origin, "d/shop/d" + std::to_string(number));
    case 5:
      mesh.publication.origins[origin].freshness =
          random.chance(0.5) ? view::Freshness::stale : view::Freshness::fresh;
      return;
    case 6:
      mesh.rules.own_addresses = {ip("10.1.0." + std::to_string(1 + other))};
      return;
    case 7:
      mesh.rules.routed_hosts.clear();
      if (other > 0) mesh.rules.routed_hosts["d1.mesh.internal"] = "RouteTable shop/r";
      mesh.rules.forwarders.clear();
      if (other > 1) mesh.rules.forwarders = {ip("127.0.1." + std::to_string(other))};
      return;
    case 8:
      if (random.chance(0.5)) return mesh.remove_at_home("s/" + key);
      return mesh.write_at_home(service(number, random.chance(0.5) ? 80 : 8080));
    case 9:
      if (random.chance(0.3)) return mesh.remove_at_home("e/" + key + "/" + address);
      return mesh.write_at_home(endpoint(number, address));
    default:
      return mesh.write(origin, endpoint(number, address, random.chance(0.8) ? 8080 : 80,
                                         1 + static_cast<std::uint32_t>(other)));
  }
}

}  // namespace

TEST_CASE("from view to view is the same as each view alone", "[discovery]") {
  base::Random random(9);
  Mesh mesh;
  for (int step = 0; step < 3'000; ++step) {
    for (auto changes = random.below(3); changes > 0; --changes) change(mesh, random);
    const auto view = mesh.view();
    REQUIRE(describe(*view) == describe(*Assembler().assemble(mesh.publication, mesh.rules, 1)));
  }
}

TEST_CASE("a change leaves the destinations that it does not concern the same objects",
          "[discovery]") {
  Mesh mesh;
  for (std::size_t number = 0; number < 3; ++number) {
    mesh.write(2, service(number, 8080));
    mesh.write(2, endpoint(number, "10.2.0." + std::to_string(1 + number)));
    mesh.write(2, endpoint(number, "10.9.0." + std::to_string(1 + number)));
  }
  mesh.write(2, destination(0, 0, {"d0.mesh.internal"}));
  // What is not imported is set aside in each of them.
  mesh.rules.cluster_networks["west"] = {*base::Cidr::parse("10.2.0.0/16")};
  const auto before = mesh.view();
  mesh.write(2, endpoint(1, "10.2.0.2", 8080, 7));
  const auto after = mesh.view();
  const auto same = [&](const std::string& host) {
    REQUIRE(before->find(host));
    return before->find(host) == after->find(host);
  };
  CHECK(same("web0.shop.mesh.internal"));
  CHECK(same("web2.shop.mesh.internal"));
  CHECK(same("d0.mesh.internal"));
  CHECK_FALSE(same("web1.shop.mesh.internal"));
  CHECK(after->find("web1.shop.mesh.internal")->services[0]->endpoints[0].weight == 7);
  CHECK(after->find("web1.shop.mesh.internal")->services[0]->refused.size() == 1);
}

TEST_CASE("a destination has the first failover policy that is for it, and loses it again",
          "[discovery]") {
  Mesh mesh;
  mesh.write(0, service(0, 8080));
  mesh.write(1, service(1, 8080));
  mesh.write(1, destination(0, 1, {"d0.mesh.internal"}));
  const auto policy = [](std::string name, resources::DestinationSelector selector) {
    auto made = std::make_shared<resources::FailoverPolicy>();
    made->metadata.name = std::move(name);
    made->destinations = {std::move(selector)};
    return made;
  };
  const auto has = [&](std::string_view host) {
    const auto view = mesh.view();
    const auto* found = view->find(host);
    return !found ? "no such host" : found->failover ? found->failover->metadata.name : "none";
  };
  resources::DestinationSelector named, any;
  named.object.name = "web0";
  mesh.rules.failover = {policy("a", named), policy("b", any)};
  CHECK(has("web0.shop.mesh.internal") == "a");
  CHECK(has("web1.shop.mesh.internal") == "b");
  CHECK(has("d0.mesh.internal") == "none");
  any.kind = resources::DestinationKind::virtual_destination;
  mesh.rules.failover = {policy("a", any)};
  CHECK(has("web0.shop.mesh.internal") == "none");
  CHECK(has("d0.mesh.internal") == "a");
  mesh.rules.failover = {};
  CHECK(has("d0.mesh.internal") == "none");
}
