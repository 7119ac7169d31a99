// FailoverPolicy, seen through the selection that it makes.
#include "discovery/view/ranking.hpp"

#include <catch2/catch.hpp>

#include "discovery/view/select.hpp"

using namespace discovery::view;
using resources::FailoverPolicy;
using resources::LocalityMapping;

namespace {

const base::Locality kEast{"us-east", "1a", ""}, kOtherZone{"us-east", "1b", ""},
    kWest{"us-west", "2a", ""}, kEurope{"eu", "3a", "rack7"};

// A destination with endpoints in clusters called as their regions: e1 (kEast), e2 (kOtherZone),
// w1, w2 (kWest), u1 (kEurope).
struct World {
  View view;
  Destination destination;
  std::vector<std::shared_ptr<Service>> services;
  FailoverPolicy policy;

  World() {
    add("east", {{"10.0.0.1", kEast}, {"10.0.0.2", kOtherZone}});
    add("west", {{"10.1.0.1", kWest}, {"10.1.0.2", kWest}});
    add("eu", {{"10.2.0.1", kEurope}});
  }
  void add(const std::string& cluster,
           const std::vector<std::pair<std::string, base::Locality>>& endpoints) {
    auto& made = *services.emplace_back(std::make_shared<Service>());
    made.cluster = cluster;
    for (const auto& [ip, locality] : endpoints) {
      auto& endpoint = made.endpoints.emplace_back();
      endpoint.ip = *base::IpAddress::parse(ip);
      Traits traits;
      traits.cluster = cluster;
      traits.locality = locality;
      endpoint.traits = std::make_shared<const Traits>(std::move(traits));
    }
    view.clusters[cluster] = {cluster, {}, Freshness::fresh, {}, 0, {}};
  }
  void label(std::size_t service, std::size_t endpoint, base::Labels labels) {
    auto& traits = services[service]->endpoints[endpoint].traits;
    auto changed = *traits;
    changed.labels = std::move(labels);
    traits = std::make_shared<const Traits>(std::move(changed));
  }
  void ill(std::size_t service, std::size_t endpoint) {
    services[service]->endpoints[endpoint].health = Health::unhealthy;
  }
  // "own cluster:1.00[2.1] eu:0.00[…]": addresses by their last and last but two bytes
  std::string from(std::string cluster, base::Locality locality) {
    destination.services.assign(services.begin(), services.end());
    destination.failover = std::make_shared<const FailoverPolicy>(policy);
    selection = select(destination, view, {std::move(cluster), std::move(locality), {}});
    std::string text;
    for (const auto& tier : selection.tiers) {
      char share[8];
      std::snprintf(share, sizeof share, "%.2f", tier.share);
      text += (text.empty() ? "" : " | ") + tier.name + " " + share;
      for (const auto& choice : tier.endpoints)
        text += " " + choice.endpoint().ip.to_string().substr(3);
    }
    return text;
  }
  Selection selection;
};

LocalityMapping mapping(base::Locality from, std::vector<LocalityMapping::To> to) {
  return {std::move(from), std::move(to)};
}

}  // namespace

TEST_CASE("a mapping's places come behind what is near, in their order, before the rest",
          "[ranking]") {
  World world;
  world.policy.mappings = {mapping({"us-east", "", ""}, {{{"eu", "", ""}}})};
  CHECK(world.from("east", kEast) ==
        "own cluster and zone 1.00 0.0.1 | own cluster 0.00 0.0.2 | failover to eu 0.00 2.0.1 | "
        "any 0.00 1.0.1 1.0.2");
  world.ill(0, 0), world.ill(0, 1);
  CHECK(world.from("east", kEast) == "failover to eu 1.00 2.0.1 | any 0.00 1.0.1 1.0.2");
  // It is not for callers elsewhere.
  CHECK(world.from("west", kWest) == "own cluster and zone 1.00 1.0.1 1.0.2 | any 0.00 2.0.1");
}

TEST_CASE("of several mappings the narrowest that holds the caller is for it", "[ranking]") {
  World world;
  world.policy.mappings = {mapping({"us-east", "", ""}, {{{"us-west", "", ""}}}),
                           mapping({"us-east", "1a", ""}, {{{"eu", "3a", "rack7"}}}),
                           mapping({"us-east", "1c", ""}, {{{"nowhere", "", ""}}})};
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(has(world.from("east", kEast), "failover to eu/3a/rack7 0.00 2.0.1"));
  CHECK(has(world.from("east", kOtherZone), "failover to us-west 0.00 1.0.1 1.0.2"));
  CHECK_FALSE(has(world.from("eu", {"", "", ""}), "failover"));
}

TEST_CASE("weights split traffic among places, whatever is near", "[ranking]") {
  World world;
  world.policy.mappings = {
      mapping({"us-east", "", ""}, {{{"us-west", "", ""}, 75}, {{"us-east", "", ""}, 25}})};
  CHECK(world.from("east", kEast) ==
        "us-west 0.75 1.0.1 1.0.2 | us-east 0.25 0.0.1 0.0.2 | any 0.00 2.0.1");
  CHECK_FALSE(world.selection.degraded);
}

TEST_CASE("a place of a split that fails leaves its share to the others, and at last to the rest",
          "[ranking]") {
  World world;
  world.policy.mappings = {
      mapping({"us-east", "", ""}, {{{"us-west", "", ""}, 75}, {{"us-east", "", ""}, 25}})};
  world.ill(1, 0);  // half of it: 1.4 · 0.5 = 0.7 of its share stays
  CHECK(world.from("east", kEast) ==
        "us-west 0.68 1.0.2 | us-east 0.32 0.0.1 0.0.2 | any 0.00 2.0.1");
  CHECK(world.selection.degraded);
  world.ill(1, 1);  // half of the priority is left: 0.7 of the traffic, and the rest steps in
  CHECK(world.from("east", kEast) == "us-east 0.70 0.0.1 0.0.2 | any 0.30 2.0.1");
  world.ill(0, 0), world.ill(0, 1);
  CHECK(world.from("east", kEast) == "any 1.00 2.0.1");
  world.ill(2, 0);
  CHECK(world.from("east", kEast) ==
        "us-west 0.75 1.0.1 1.0.2 | us-east 0.25 0.0.1 0.0.2 | any 0.00 2.0.1");
  CHECK(world.selection.fail_open);
}

TEST_CASE("who has the longest run of priority labels comes first", "[ranking]") {
  World world;
  world.policy.labels = {{"tier", "gold"}, {"disk", "ssd"}};
  world.label(0, 0, {{"disk", "ssd"}});  // not the first: no run
  world.label(0, 1, {{"tier", "gold"}});
  world.label(1, 0, {{"tier", "gold"}, {"disk", "ssd"}});
  CHECK(world.from("east", kEast) ==
        "the first 2 of 2 priority labels 1.00 1.0.1 | the first 1 of 2 priority labels 0.00 0.0.2 "
        "| any 0.00 0.0.1 1.0.2 2.0.1");
}

TEST_CASE("labels of a place are compared with the caller's own place", "[ranking]") {
  World world;
  world.policy.labels = {{"topology.kubernetes.io/region", ""},
                         {"topology.kubernetes.io/zone", ""}};
  CHECK(world.from("elsewhere", kOtherZone) ==
        "the first 2 of 2 priority labels 1.00 0.0.2 | the first 1 of 2 priority labels 0.00 0.0.1 "
        "| any 0.00 1.0.1 1.0.2 2.0.1");
  world.policy.labels = {{"topology.istio.io/subzone", ""}};
  CHECK(
      world.from("elsewhere", kEurope).starts_with("the first 1 of 1 priority labels 1.00 2.0.1"));
  CHECK(world.from("elsewhere", kEast) == "any 1.00 0.0.1 0.0.2 1.0.1 1.0.2 2.0.1");
  world.policy.labels = {{"topology.istio.io/cluster", ""}};
  CHECK(world.from("west", {}).starts_with("the first 1 of 1 priority labels 1.00 1.0.1 1.0.2"));
  world.policy.labels = {{"mesh.example/rack", ""}};  // the caller's is not known
  world.label(0, 0, {{"mesh.example/rack", ""}});
  CHECK(world.from("east", kEast) == "any 1.00 0.0.1 0.0.2 1.0.1 1.0.2 2.0.1");
}

TEST_CASE("a mapping for the caller goes before labels, a policy before prefer", "[ranking]") {
  World world;
  world.destination.prefer = {"cluster:eu"};
  CHECK(world.from("east", kEast) == "cluster:eu 1.00 2.0.1");
  world.policy.labels = {{"topology.istio.io/cluster", "west"}};
  CHECK(world.from("east", kEast).starts_with("the first 1 of 1 priority labels 1.00 1.0.1"));
  world.policy.mappings = {mapping({"us-east", "", ""}, {{{"eu", "", ""}, 100}})};
  CHECK(world.from("east", kEast).starts_with("eu 1.00 2.0.1 | own cluster and zone 0.00"));
  CHECK(world.from("west", kWest).starts_with("the first 1 of 1 priority labels 1.00 1.0.1"));
}

TEST_CASE("a policy selects destinations by kind, labels and port", "[ranking]") {
  Destination destination;
  destination.kind = Destination::Kind::virtual_destination;
  destination.name = "cart", destination.namespace_ = "shop";
  destination.labels = {{"app", "cart"}};
  destination.ports = {{80, "http", "HTTP", "", 0}};
  FailoverPolicy policy;
  CHECK(selects(policy, destination));
  auto& selector = policy.destinations.emplace_back();
  CHECK_FALSE(selects(policy, destination));  // a service where it says nothing
  selector.kind = resources::DestinationKind::virtual_destination;
  CHECK(selects(policy, destination));
  selector.object.labels = {{"app", "cart"}};
  selector.port.number = 80;
  CHECK(selects(policy, destination));
  selector.port.number = 81;
  CHECK_FALSE(selects(policy, destination));
  policy.destinations.emplace_back().kind = resources::DestinationKind::virtual_destination;
  CHECK(selects(policy, destination));
}

TEST_CASE("of the own cluster what is in another region is not near for a mapping", "[ranking]") {
  World world;
  world.add("east", {{"10.3.0.1", kWest}});
  world.policy.mappings = {mapping({"us-east", "", ""}, {{{"eu", "", ""}}})};
  CHECK(world.from("east", kEast) ==
        "own cluster and zone 1.00 0.0.1 | own cluster 0.00 0.0.2 | failover to eu 0.00 2.0.1 | "
        "any 0.00 1.0.1 1.0.2 3.0.1");
}
