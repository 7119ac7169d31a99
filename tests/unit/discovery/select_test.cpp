#include "discovery/view/select.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "discovery/view/resolution.hpp"

using namespace discovery::view;

namespace {

Endpoint at(std::string_view ip, std::string cluster, base::Locality locality,
            Health health = Health::healthy) {
  Endpoint endpoint;
  endpoint.ip = *base::IpAddress::parse(ip);
  endpoint.health = health;
  Traits traits;
  traits.cluster = std::move(cluster);
  traits.locality = std::move(locality);
  endpoint.traits = std::make_shared<const Traits>(std::move(traits));
  return endpoint;
}

Endpoint with_ports(Endpoint endpoint, std::vector<EndpointPort> ports) {
  auto traits = *endpoint.traits;
  traits.ports = std::move(ports);
  endpoint.traits = std::make_shared<const Traits>(std::move(traits));
  return endpoint;
}

std::shared_ptr<const Service> service(std::string cluster, std::vector<Endpoint> endpoints) {
  auto made = std::make_shared<Service>();
  made->cluster = std::move(cluster), made->namespace_ = "bookinfo", made->name = "ratings";
  made->endpoints = std::move(endpoints);
  return made;
}

struct World {
  View view;
  Destination destination;

  explicit World(std::vector<std::shared_ptr<const Service>> services) {
    destination.host = "ratings.mesh.internal";
    destination.services = std::move(services);
    for (const auto& s : destination.services)
      view.clusters[s->cluster] = {s->cluster, {}, Freshness::fresh, {}, 0, {}};
  }
  Selection from(std::string cluster, base::Locality locality = {},
                 std::vector<std::string> networks = {}) const {
    return select(destination, view,
                  {std::move(cluster), std::move(locality), std::move(networks)});
  }
};

// "own cluster:1.00[10.0.0.1 10.0.0.2] any:0.00[…]"
std::string picture(const Selection& selection) {
  std::string text;
  for (const auto& tier : selection.tiers) {
    char share[8];
    std::snprintf(share, sizeof share, "%.2f", tier.share);
    text += (text.empty() ? "" : " ") + tier.name + ":" + share + "[";
    for (const auto& choice : tier.endpoints)
      text += (text.back() == '[' ? "" : " ") + choice.endpoint().ip.to_string();
    text += "]";
  }
  return text;
}

World two_clusters() {
  return World({service("east", {at("10.0.0.1", "east", {"us-east", "1a", ""}),
                                 at("10.0.0.2", "east", {"us-east", "1b", ""})}),
                service("west", {at("10.1.0.1", "west", {"us-west", "2a", ""})})});
}

}  // namespace

TEST_CASE("the own zone comes before the own cluster, that before the rest") {
  const auto world = two_clusters();
  CHECK(picture(world.from("east", {"us-east", "1a", ""})) ==
        "own cluster and zone:1.00[10.0.0.1] own cluster:0.00[10.0.0.2] any:0.00[10.1.0.1]");
  CHECK(picture(world.from("east", {"us-east", "", ""})) ==
        "own cluster:1.00[10.0.0.1 10.0.0.2] any:0.00[10.1.0.1]");
  CHECK(picture(world.from("eu")) == "any:1.00[10.0.0.1 10.0.0.2 10.1.0.1]");
  CHECK(picture(world.from("eu", {"us-west", "", ""})) ==
        "same region:1.00[10.1.0.1] any:0.00[10.0.0.1 10.0.0.2]");
}

TEST_CASE("prefer orders freely and leaves out what it does not name") {
  auto world = two_clusters();
  world.destination.prefer = {"cluster:west", "cluster"};
  CHECK(picture(world.from("east")) ==
        "cluster:west:1.00[10.1.0.1] cluster:0.00[10.0.0.1 10.0.0.2]");
  world.destination.prefer = {"cluster"};
  const auto selection = world.from("east");
  REQUIRE(selection.left_out.size() == 1);
  CHECK(selection.left_out[0].reason == Reason::not_preferred);
}

TEST_CASE("an affinity pins to a place or puts it before the ladder, with shares by health there") {
  const auto world =
      World({service("east", {at("10.0.0.1", "east", {"us", "1a", ""}),
                              at("10.0.0.2", "east", {"us", "1b", ""})}),
             service("west", {at("10.1.0.1", "west", {"us", "1b", ""}),
                              at("10.1.0.2", "west", {"us", "1c", ""}),
                              at("10.1.0.3", "west", {"us", "1c", ""}, Health::unhealthy)})});
  const auto select_at = [&](Affinity affinity) {
    return select(world.destination, world.view, {"east", {"us", "1a", ""}, {}}, &affinity);
  };
  using enum Affinity::Strength;
  CHECK(picture(select_at({Topology::zone, pin, "1B"})) ==
        "own cluster:1.00[10.0.0.2] same region:0.00[10.1.0.1]");
  CHECK(picture(select_at({Topology::cluster, prefer, "west"})) ==
        "cluster west:0.93[10.1.0.1 10.1.0.2] own cluster and zone:0.07[10.0.0.1] "
        "own cluster:0.00[10.0.0.2]");
  CHECK(picture(select_at({Topology::zone, pin, "1c"})) == "same region:1.00[10.1.0.2]");
  const auto nowhere = select_at({Topology::zone, pin, ""});
  CHECK(nowhere.tiers.empty());
  CHECK(nowhere.left_out.size() == 5);
  CHECK(std::ranges::count(nowhere.left_out, Reason::elsewhere, &Choice::reason) ==
        4);  // one is ill
}

TEST_CASE("a cluster that is silent but answers keeps its tier and is marked stale") {
  auto world = two_clusters();
  world.view.clusters["east"].freshness = Freshness::stale;
  const auto selection = world.from("east", {"us-east", "1a", ""});
  CHECK(selection.tiers[0].name == "own cluster and zone");
  CHECK(selection.tiers[0].share == 1);
  CHECK(selection.tiers[0].endpoints[0].stale);
  CHECK(selection.degraded);
}

TEST_CASE("a silent cluster whose endpoints do not answer is left out while others live") {
  for (const auto freshness : {Freshness::demoted, Freshness::dead}) {
    auto world = two_clusters();
    world.view.clusters["east"].freshness = freshness;
    const auto selection = world.from("east");
    CHECK(picture(selection) == "any:1.00[10.1.0.1]");
    REQUIRE(selection.left_out.size() == 2);
    CHECK(selection.left_out[0].reason ==
          (freshness == Freshness::dead ? Reason::cluster_gone : Reason::path_failed));
    CHECK_FALSE(selection.fail_open);
  }
}

TEST_CASE("when nothing is healthy what there is serves, best rung first, and says so") {
  auto world = World({service("east", {at("10.0.0.1", "east", {}, Health::unhealthy)}),
                      service("west", {at("10.1.0.1", "west", {})})});
  world.view.clusters["west"].freshness = Freshness::dead;
  const auto selection = world.from("east");
  CHECK(selection.fail_open);
  CHECK(picture(selection) == "own cluster:1.00[10.0.0.1] any:0.00[10.1.0.1]");
}

TEST_CASE("what drains serves when nothing is healthy, before what does not serve") {
  auto world = World({service("east", {at("10.0.0.1", "east", {}, Health::unhealthy),
                                       at("10.0.0.2", "east", {}, Health::draining)}),
                      service("west", {at("10.1.0.1", "west", {}, Health::draining)})});
  world.view.clusters["west"].freshness = Freshness::dead;
  const auto selection = world.from("east");
  CHECK(selection.fail_open);
  CHECK(picture(selection) == "own cluster:1.00[10.0.0.2]");
  CHECK(selection.left_out.size() == 2);
}

TEST_CASE("an endpoint that serves none of the ports is left out, and says so") {
  const auto serving = with_ports(at("10.0.0.1", "east", {}), {{"http", 9080}});
  const auto other = with_ports(at("10.0.0.2", "east", {}), {{"grpc", 9999}});
  auto world = World({service("east", {serving, other})});
  world.destination.ports = {{9080, "", "HTTP", "", 0}};
  const auto selection = world.from("east");
  CHECK(picture(selection) == "own cluster:1.00[10.0.0.1]");
  REQUIRE(selection.left_out.size() == 1);
  CHECK(selection.left_out[0].reason == Reason::port_missing);
}

TEST_CASE("endpoints that are alike serve what their own service says") {
  auto endpoint = with_ports(at("10.0.0.1", "east", {}), {{"http", 9080}});
  auto web = std::make_shared<Service>(), admin = std::make_shared<Service>();
  web->cluster = admin->cluster = "east";
  web->ports = {{"http", 80, "", 0, ""}};
  admin->ports = {{"metrics", 80, "", 0, ""}};
  web->endpoints = {endpoint};
  admin->endpoints = {endpoint};
  World world({web, admin});
  world.destination.ports = {{80, "", "HTTP", "", 0}};
  const auto selection = world.from("east");
  CHECK(picture(selection) == "own cluster:1.00[10.0.0.1]");
  REQUIRE(selection.left_out.size() == 1);
  CHECK(selection.left_out[0].service == admin.get());
  TargetPorts ports(world.destination.ports[0]);
  CHECK(ports.of(*web, web->endpoints[0]) == 9080);
  CHECK(ports.of(*admin, admin->endpoints[0]) == std::nullopt);
  CHECK(ports.of(*web, web->endpoints[0]) == 9080);
}

TEST_CASE("shares are Envoy's priority load", "[envoy]") {
  // The table of Envoy's priority levels: P0 healthy of 100 → P0 / P1 load in percent.
  const std::vector<std::array<int, 3>> table{
      {100, 100, 0}, {72, 100, 0}, {71, 99, 1}, {50, 70, 30}, {25, 35, 65}};
  for (const auto& [healthy, p0, p1] : table) {
    std::vector<Endpoint> own;
    for (int i = 0; i < 100; ++i)
      own.push_back(at("10.0.0." + std::to_string(i), "east", {},
                       i < healthy ? Health::healthy : Health::unhealthy));
    const auto world =
        World({service("east", std::move(own)), service("west", {at("10.1.0.1", "west", {})})});
    const auto selection = world.from("east");
    REQUIRE(selection.tiers.size() == 2);
    CHECK(selection.tiers[0].share == Approx(p0 / 100.0).margin(0.006));
    CHECK(selection.tiers[1].share == Approx(p1 / 100.0).margin(0.006));
    CHECK(selection.degraded == (p1 > 0));
  }
}

TEST_CASE("an unreachable network and weight 0 are left out even when nothing else is there") {
  auto far = at("10.0.0.1", "east", {});
  auto elsewhere = *far.traits;
  elsewhere.network = "vpc-2";
  far.traits = std::make_shared<const Traits>(elsewhere);
  auto zero = at("10.0.0.2", "east", {});
  zero.weight = 0;
  const auto selection = World({service("east", {far, zero})}).from("east", {}, {"vpc-1"});
  CHECK(selection.tiers.empty());
  REQUIRE(selection.left_out.size() == 2);
  CHECK(selection.left_out[0].reason == Reason::network_unreachable);
  CHECK(selection.left_out[1].reason == Reason::weight_zero);
}

TEST_CASE(
    "every endpoint is in one tier or left out, shares add up, nothing known ill is selected") {
  base::Random random(11);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<std::shared_ptr<const Service>> services;
    std::size_t total = 0;
    bool any_healthy = false;
    const char* names[] = {"east", "west", "eu", "ap"};
    World world({});
    for (const char* name : names) {
      std::vector<Endpoint> endpoints;
      const auto freshness = static_cast<Freshness>(random.below(4));
      for (auto n = random.below(5); n > 0; --n) {
        auto endpoint =
            at("10.0.0.1", name,
               {"r" + std::to_string(random.below(2)), "z" + std::to_string(random.below(3)), ""},
               static_cast<Health>(random.below(3)));
        endpoint.weight = static_cast<std::uint32_t>(random.below(3));
        endpoint.path_failed = random.chance(0.2);
        any_healthy |= endpoint.health == Health::healthy && endpoint.weight > 0 &&
                       !endpoint.path_failed && freshness <= Freshness::stale;
        endpoints.push_back(std::move(endpoint));
        ++total;
      }
      world.destination.services.push_back(service(name, std::move(endpoints)));
      world.view.clusters[name] = {name, {}, freshness, {}, 0, {}};
    }
    const auto selection = world.from("east", {"r0", "z0", ""});
    std::size_t placed = selection.left_out.size();
    double share = 0;
    for (const auto& tier : selection.tiers) {
      CHECK_FALSE(tier.endpoints.empty());
      share += tier.share;
      placed += tier.endpoints.size();
      for (const auto& choice : tier.endpoints) {
        CHECK((selection.fail_open || choice.reason == Reason::selected));
        CHECK(choice.endpoint().weight > 0);
      }
    }
    for (const auto& choice : selection.left_out) CHECK(choice.reason != Reason::selected);
    CHECK(placed == total);
    if (!selection.tiers.empty()) CHECK(share == Approx(1));
    CHECK(selection.fail_open == !any_healthy);
  }
}

TEST_CASE("callers are told apart by the zones of local endpoints") {
  auto view = std::make_shared<View>();
  view->cluster = "east";
  view->locality = {"us-east", "", ""};
  const auto world = two_clusters();
  view->services = world.destination.services;
  view->clusters = world.view.clusters;
  view->destinations = {std::make_shared<const Destination>(world.destination)};
  const auto resolution = resolve(view);
  REQUIRE(resolution.callers->classes.size() == 3);
  REQUIRE(resolution.callers->class_of.size() == 2);
  const auto* ratings = resolution.find("ratings.mesh.internal");
  REQUIRE(ratings);
  CHECK(resolution.find("rating.mesh.internal") == nullptr);
  const auto klass = resolution.callers->class_of.at(*base::IpAddress::parse("10.0.0.2"));
  CHECK(picture(ratings->by_class[klass]) ==
        "own cluster and zone:1.00[10.0.0.2] own cluster:0.00[10.0.0.1] any:0.00[10.1.0.1]");
  CHECK(picture(ratings->by_class[0]) == "own cluster:1.00[10.0.0.1 10.0.0.2] any:0.00[10.1.0.1]");
}

TEST_CASE("what a change does not touch is not resolved again") {
  const auto make = [](Freshness west) {
    auto view = std::make_shared<View>();
    view->cluster = "east";
    view->clusters["east"].name = "east";
    view->clusters["west"] = {"west", {}, west, {}, 0, {}};
    return view;
  };
  const auto destination = [](std::string host, std::string cluster) {
    auto made = std::make_shared<Destination>();
    made->host = std::move(host);
    auto service = std::make_shared<Service>();
    service->cluster = std::move(cluster);
    made->services = {std::move(service)};
    return std::shared_ptr<const Destination>(std::move(made));
  };
  const auto a = destination("a.x", "east"), b = destination("b.x", "west");
  Resolver resolver;
  auto view = make(Freshness::fresh);
  view->destinations = {a, b};
  const auto first = resolver.resolve(view);

  auto next = make(Freshness::fresh);
  next->destinations = {a, destination("aa.x", "west"), destination("b.x", "west")};
  const auto second = resolver.resolve(next);
  CHECK(second->find("a.x") == first->find("a.x"));
  CHECK(second->find("b.x") != first->find("b.x"));

  auto silent = make(Freshness::demoted);
  silent->destinations = next->destinations;
  const auto third = resolver.resolve(silent);
  CHECK(third->find("a.x") == second->find("a.x"));
  CHECK(third->find("b.x") != second->find("b.x"));

  auto elsewhere = make(Freshness::demoted);
  elsewhere->destinations = next->destinations;
  elsewhere->locality = {"us-east", "us-east-1a", ""};  // another class of callers
  CHECK(resolver.resolve(elsewhere)->find("a.x") != third->find("a.x"));
}

namespace {

Drain drain_of(std::string_view ip, std::uint16_t left, std::uint16_t port = 0) {
  Drain drain;
  drain.target.kind = DrainTarget::Kind::endpoint;
  drain.target.ip = *base::IpAddress::parse(ip);
  drain.target.port = port;
  drain.left = left;
  return drain;
}
Drain drain_of_service(std::string namespace_, std::string name, std::uint16_t left) {
  Drain drain;
  drain.target.kind = DrainTarget::Kind::service;
  drain.target.namespace_ = std::move(namespace_), drain.target.name = std::move(name);
  drain.left = left;
  return drain;
}

}  // namespace

TEST_CASE("a cluster that is drained keeps of its tier what is left of it, and then nothing") {
  auto world = two_clusters();
  const auto seen = [&](std::uint16_t left) {
    world.view.drains["east"] = {{{}, left}};
    return world.from("east");
  };
  CHECK(picture(seen(750)) == "own cluster:0.75[10.0.0.1 10.0.0.2] any:0.25[10.1.0.1]");
  CHECK(seen(750).degraded);  // caches are to be short while it moves
  CHECK(picture(seen(1)) == "own cluster:0.00[10.0.0.1 10.0.0.2] any:1.00[10.1.0.1]");
  const auto gone = seen(0);
  CHECK(picture(gone) == "any:1.00[10.1.0.1]");
  CHECK_FALSE(gone.degraded);
  CHECK(std::ranges::count(gone.left_out, Reason::draining, &Choice::reason) == 2);
  CHECK(picture(world.from("west")) == "own cluster:1.00[10.1.0.1]");
}

TEST_CASE("where nothing else is, what is drained serves to the end, and last of all") {
  World world({service(
      "east", {at("10.0.0.1", "east", {}), at("10.0.0.2", "east", {}, Health::unhealthy)})});
  world.view.drains["east"] = {drain_of_service("bookinfo", "ratings", 300)};
  CHECK(picture(world.from("east")) == "own cluster:1.00[10.0.0.1]");
  world.view.drains["east"] = {drain_of_service("bookinfo", "ratings", 0)};
  CHECK(picture(world.from("east")) == "own cluster:1.00[10.0.0.1]");
  CHECK(world.from("east").fail_open);
  world.view.drains["east"] = {drain_of_service("bookinfo", "reviews", 0)};
  CHECK_FALSE(world.from("east").fail_open);
}

TEST_CASE("beside others an endpoint that is drained loses weight, and its tier nothing") {
  auto world = two_clusters();
  world.view.drains["east"] = {drain_of("10.0.0.2", 250)};
  const auto selection = world.from("east");
  CHECK(picture(selection) == "own cluster:1.00[10.0.0.1 10.0.0.2] any:0.00[10.1.0.1]");
  const auto& tier = selection.tiers[0];
  CHECK(tier.weight_of(tier.endpoints[0]) == 4 * tier.weight_of(tier.endpoints[1]));
  CHECK(selection.tiers[1].weight_of(selection.tiers[1].endpoints[0]) == 1);
  world.view.drains["east"].push_back(drain_of("10.0.0.1", 500));
  CHECK(picture(world.from("east")) == "own cluster:0.50[10.0.0.1 10.0.0.2] any:0.50[10.1.0.1]");
}

TEST_CASE("what was drained and then stopped is no missing capacity") {
  World world(
      {service("east", {at("10.0.0.1", "east", {}), at("10.0.0.2", "east", {}, Health::unhealthy),
                        at("10.0.0.3", "east", {}, Health::unhealthy)}),
       service("west", {at("10.1.0.1", "west", {})})});
  CHECK(picture(world.from("east")) == "own cluster:0.47[10.0.0.1] any:0.53[10.1.0.1]");
  world.view.drains["east"] = {drain_of("10.0.0.2", 0), drain_of("10.0.0.3", 0)};
  const auto selection = world.from("east");
  CHECK(picture(selection) == "own cluster:1.00[10.0.0.1] any:0.00[10.1.0.1]");
  CHECK_FALSE(selection.degraded);
}

TEST_CASE("a drain of an address is of those of its endpoints that have the port") {
  World world({service("east", {with_ports(at("10.0.0.1", "east", {}), {{"http", 80}}),
                                with_ports(at("10.0.0.1", "east", {}), {{"http", 81}})})});
  world.view.drains["east"] = {drain_of("10.0.0.1", 0, 81)};
  const auto selection = world.from("east");
  REQUIRE(selection.left_out.size() == 1);
  CHECK(selection.left_out[0].endpoint().traits->ports[0].number == 81);
  world.view.drains["west"] = {drain_of("10.0.0.1", 0)};
  CHECK(world.from("east").tiers[0].endpoints.size() == 1);  // of west's own only
}

TEST_CASE("who drains something else is resolved again, as far as that concerns it") {
  const auto make = [](Drains drains) {
    auto view = std::make_shared<View>();
    view->cluster = "east";
    if (!drains.empty()) view->drains["west"] = std::move(drains);
    return view;
  };
  auto world = two_clusters();
  const auto destination = std::make_shared<const Destination>(world.destination);
  Resolver resolver;
  const auto resolve_with = [&](Drains drains) {
    auto view = make(std::move(drains));
    view->clusters = world.view.clusters;
    view->destinations = {destination};
    return resolver.resolve(view)->destinations.front();
  };
  const auto before = resolve_with({});
  CHECK(resolve_with({}) == before);
  const auto drained = resolve_with({drain_of("10.1.0.1", 0)});
  CHECK(picture(drained->by_class[0]) == "own cluster:1.00[10.0.0.1 10.0.0.2]");
  CHECK(resolve_with({drain_of("10.1.0.1", 0)}) == drained);
  const auto after = resolve_with({});
  CHECK(picture(after->by_class[0]) == picture(before->by_class[0]));
  // An address, and a service, that are no part of it; a service that is.
  CHECK(resolve_with({drain_of("10.1.0.9", 0)}) == after);
  CHECK(resolve_with({drain_of_service("bookinfo", "reviews", 500)}) == after);
  CHECK(resolve_with({drain_of_service("bookinfo", "ratings", 500)}) != after);
}
