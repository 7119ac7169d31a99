#include "forwarder/destination_policies.hpp"

#include "forwarder/ejection.hpp"
#include "forwarder/explain.hpp"
#include "tests/unit/forwarder/scene.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace forwarder;
using namespace scene;
using Lines = std::vector<std::string>;

namespace {

resources::LoadBalancerPolicy balancer(std::string name,
                                       std::vector<resources::DestinationSelector> selectors) {
  resources::LoadBalancerPolicy policy;
  policy.metadata.name = std::move(name);
  policy.metadata.namespace_ = "shop";
  policy.destinations = std::move(selectors);
  policy.simple = resources::LoadBalancerPolicy::Simple::random;
  return policy;
}
resources::OutlierDetectionPolicy detection(std::string name) {
  resources::OutlierDetectionPolicy policy;
  policy.metadata.name = std::move(name);
  policy.metadata.namespace_ = "shop";
  policy.consecutive_errors = 1;
  return policy;
}
resources::DestinationSelector of(
    std::string name, resources::DestinationKind kind = resources::DestinationKind::service) {
  resources::DestinationSelector selector;
  selector.object.name = std::move(name);
  selector.kind = kind;
  return selector;
}

Mesh shop() {
  Mesh mesh;
  mesh.has("east", "cart", {"10.0.0.1", "10.0.0.2"}).has("east", "pay", {"10.0.0.3"});
  return mesh.has_virtual("cart.example", "cart"), mesh;
}

// Of the upstream by that name.
Lines policies_of(const Table& table, std::string_view upstream) {
  for (const auto& one : table.upstreams)
    if (one && one->name == upstream) return one->policy ? one->policy->policies : Lines{};
  return {"no such upstream"};
}

Lines statuses_of(const Compiled& compiled) {
  Lines lines;
  for (const auto& status : compiled.statuses)
    if (status.object.find("Policy ") != status.object.npos)
      lines.push_back(status.object + ' ' + std::string(to_string(status.state)) + ": " +
                      status.notes.at(0));
  return lines;
}

}  // namespace

TEST_CASE("a destination has the first policy of each kind that selects it", "[policies]") {
  auto mesh = shop();
  resources::Documents documents;
  documents.load_balancer_policies.push_back(balancer("a", {of("cart")}));
  documents.load_balancer_policies.push_back(balancer("b", {}));
  documents.outlier_detection_policies.push_back(detection("d"));
  const auto compiled = mesh.compile_all(documents);
  const auto& table = *compiled.table;
  CHECK(policies_of(table, "cart.shop.mesh.internal:80") ==
        Lines{"LoadBalancerPolicy shop/a", "OutlierDetectionPolicy shop/d"});
  CHECK(policies_of(table, "pay.shop.mesh.internal:80") ==
        Lines{"LoadBalancerPolicy shop/b", "OutlierDetectionPolicy shop/d"});
  CHECK(policies_of(table, "cart.example:80") ==
        Lines{"LoadBalancerPolicy shop/b", "OutlierDetectionPolicy shop/d"});
  CHECK(statuses_of(compiled) ==
        Lines{"LoadBalancerPolicy shop/a accepted: it applies to 1 destination",
              "LoadBalancerPolicy shop/b warning: it applies to 2 destinations",
              "OutlierDetectionPolicy shop/d accepted: it applies to 3 destinations"});
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].field == "spec.applyToDestinations");
  CHECK(compiled.problems[0].message ==
        "cart.shop.mesh.internal:80 has LoadBalancerPolicy shop/a, which is first by name: this "
        "one is skipped there");
}

TEST_CASE("policies select destinations by kind and port, and one that selects none is unused",
          "[policies]") {
  auto mesh = shop();
  auto virtual_only = of("cart", resources::DestinationKind::virtual_destination);
  auto other_port = of("pay");
  other_port.port.number = 81;
  resources::Documents documents;
  documents.load_balancer_policies.push_back(balancer("a", {virtual_only}));
  documents.load_balancer_policies.push_back(balancer("b", {other_port}));
  const auto compiled = mesh.compile_all(documents);
  CHECK(policies_of(*compiled.table, "cart.example:80") == Lines{"LoadBalancerPolicy shop/a"});
  CHECK(policies_of(*compiled.table, "cart.shop.mesh.internal:80").empty());
  CHECK(statuses_of(compiled) ==
        Lines{"LoadBalancerPolicy shop/a accepted: it applies to 1 destination",
              "LoadBalancerPolicy shop/b unused: it selects no destination"});
}

TEST_CASE("a policy that comes, changes or goes changes upstreams that routes lead to already",
          "[policies]") {
  auto mesh = shop();
  resources::Documents documents;
  documents.route_tables.push_back(table("main", {"h"}, {route({}, to("cart"))}));
  const auto policies = [&] {
    const auto compiled = mesh.compile_all(documents);
    const auto found = explain(*compiled.table, Incoming("GET", "h", "/").value);
    return found.destinations.at(0).policies;
  };
  CHECK(policies().empty());
  documents.load_balancer_policies.push_back(balancer("a", {}));
  CHECK(policies() == Lines{"LoadBalancerPolicy shop/a"});
  documents.load_balancer_policies = {};
  documents.load_balancer_policies.push_back(balancer("b", {}));
  CHECK(policies() == Lines{"LoadBalancerPolicy shop/b"});
  documents.load_balancer_policies = {};
  CHECK(policies().empty());
}

TEST_CASE("an ejected endpoint stays ejected from table to table, in every subset", "[policies]") {
  auto mesh = shop();
  auto& endpoints = mesh.service("east", "cart").endpoints;
  resources::Documents documents;
  auto subset = service("cart");
  subset.subset = {{"version", "v1"}};
  auto forward = to("cart");
  forward.destinations.front() = subset;
  documents.route_tables.push_back(table("main", {"h"}, {route({}, forward)}));
  documents.outlier_detection_policies.push_back(detection("d"));
  const base::TimePoint now{std::chrono::hours(1)};
  const auto find = [](const Table& table, const char* name = "cart.shop.mesh.internal:80") {
    for (const auto& upstream : table.upstreams)
      if (upstream && upstream->name == name) return upstream;
    FAIL("no upstream");
    return table.upstreams.front();
  };
  {
    const auto compiled = mesh.compile_all(documents);
    const auto upstream = find(*compiled.table);
    REQUIRE(upstream->outliers.size() == 2);
    REQUIRE(judge(*upstream, upstream->tiers[0].members[0], 500, now));
  }
  endpoints[1].weight = 7;  // made anew
  auto traits = *endpoints[0].traits;
  traits.labels = {{"version", "v1"}};
  endpoints[0].traits = std::make_shared<const discovery::view::Traits>(traits);
  const auto compiled = mesh.compile_all(documents);
  const auto upstream = find(*compiled.table);
  REQUIRE(upstream->tiers[0].members[1].weight == 7);
  CHECK(upstream->tiers[0].members[0].outlier->ejected(now));
  CHECK_FALSE(upstream->tiers[0].members[1].outlier->ejected(now));
  const auto part = find(*compiled.table, "cart.shop.mesh.internal:80{version=v1}");
  REQUIRE(part->tiers.at(0).members.size() == 1);
  CHECK(part->tiers[0].members[0].outlier == upstream->tiers[0].members[0].outlier);
}

TEST_CASE("of a ConnectionPolicy's two bounds the smaller holds", "[policies]") {
  resources::ConnectionPolicy policy;
  CHECK(connection_rule(policy).requests == 0);
  policy.max_connections = 7;
  CHECK(connection_rule(policy).requests == 7);
  policy.max_requests = 5;
  CHECK(connection_rule(policy).requests == 5);
  policy.max_connections.reset();
  CHECK(connection_rule(policy).requests == 5);
}

TEST_CASE("what is under way at a destination is counted over its subsets and from table to table",
          "[policies]") {
  auto mesh = shop();
  resources::Documents documents;
  auto subset = service("cart");
  subset.subset = {{"version", "v1"}};
  auto forward = to("cart");
  forward.destinations.front() = subset;
  documents.route_tables.push_back(table("main", {"h"}, {route({}, forward)}));
  resources::ConnectionPolicy policy;
  policy.metadata.name = "few";
  policy.max_requests = 5;
  documents.connection_policies.push_back(policy);
  const auto counted_at = [](const Table& table) {
    std::set<std::shared_ptr<InFlight>> places;
    std::size_t upstreams = 0;
    for (const auto& upstream : table.upstreams)
      if (upstream && upstream->name.starts_with("cart.shop.mesh.internal:80"))
        places.insert(upstream->in_flight), ++upstreams;
    CHECK(upstreams == 2);
    return places;
  };
  const auto compiled = mesh.compile_all(documents);
  const auto before = counted_at(*compiled.table);
  REQUIRE(before.size() == 1);
  REQUIRE(*before.begin());
  mesh.service("east", "cart").endpoints[0].weight = 7;
  const auto again = mesh.compile_all(documents);
  CHECK(counted_at(*again.table) == before);
}

TEST_CASE("a failover policy tells how many destinations it is for, whatever their ports",
          "[policies]") {
  auto mesh = shop();
  resources::Documents documents;
  resources::FailoverPolicy policy;
  policy.metadata.name = "f", policy.metadata.namespace_ = "shop";
  policy.destinations = {of("cart", resources::DestinationKind::virtual_destination)};
  documents.failover_policies.push_back(policy);
  policy.metadata.name = "g";
  documents.failover_policies.push_back(policy);
  const auto compiled = mesh.compile_all(documents);
  CHECK(statuses_of(compiled) ==
        Lines{"FailoverPolicy shop/f accepted: it applies to 1 destination",
              "FailoverPolicy shop/g failed: all that it selects have another of its kind: "
              "FailoverPolicy shop/f"});
}

TEST_CASE("what a policy says it is for is true without any route table", "[policies]") {
  auto mesh = shop();
  resources::DestinationSelector selector;
  selector.object.labels = {{"v", "1"}};
  resources::Documents documents;
  documents.load_balancer_policies.push_back(balancer("a", {selector}));
  const auto status = [&] { return statuses_of(mesh.compile_all(documents)).at(0); };
  CHECK(status() == "LoadBalancerPolicy shop/a unused: it selects no destination");
  mesh.service("east", "cart").labels = {{"v", "1"}};
  CHECK(status() == "LoadBalancerPolicy shop/a accepted: it applies to 1 destination");
}

TEST_CASE("a policy of any kind that others leave nothing has failed, by name of who they are",
          "[policies]") {
  auto mesh = shop();
  resources::Documents documents;
  documents.load_balancer_policies.push_back(balancer("a", {of("cart")}));
  documents.load_balancer_policies.push_back(balancer("b", {of("pay")}));
  documents.load_balancer_policies.push_back(balancer("c", {of("cart"), of("pay")}));
  for (const char* name : {"d", "e"})
    documents.outlier_detection_policies.push_back(detection(name));
  resources::ConnectionPolicy few;
  few.metadata.namespace_ = "shop";
  for (const char* name : {"f", "g"}) {
    few.metadata.name = name;
    documents.connection_policies.push_back(few);
  }
  resources::RetryTimeoutPolicy patient;
  patient.metadata.namespace_ = "shop";
  patient.routes.emplace_back();
  for (const char* name : {"p", "q"}) {
    patient.metadata.name = name;
    documents.retry_timeout_policies.push_back(patient);
  }
  documents.route_tables.push_back(table("main", {"h"}, {route({}, to("cart"))}));
  const auto compiled = mesh.compile_all(documents);
  Lines failed;
  for (const auto& line : statuses_of(compiled))
    if (line.find(" failed: ") != line.npos) failed.push_back(line);
  const std::string taken = " failed: all that it selects have another of its kind: ";
  CHECK(failed == Lines{"RetryTimeoutPolicy shop/q" + taken + "RetryTimeoutPolicy shop/p",
                        "LoadBalancerPolicy shop/c" + taken +
                            "LoadBalancerPolicy shop/a, LoadBalancerPolicy shop/b",
                        "OutlierDetectionPolicy shop/e" + taken + "OutlierDetectionPolicy shop/d",
                        "ConnectionPolicy shop/g" + taken + "ConnectionPolicy shop/f"});
  const auto told = std::ranges::find(compiled.problems, "LoadBalancerPolicy shop/c",
                                      &resources::Problem::object);
  REQUIRE(told != compiled.problems.end());
  CHECK(told->severity == resources::Severity::warning);
  CHECK(told->message ==
        "cart.shop.mesh.internal:80 and 1 more destination have LoadBalancerPolicy shop/a or 1 "
        "other of its kind, which is first by name: this one is skipped there");
}

TEST_CASE("who comes, or comes back, when the mesh is known warms up; who is there then does not",
          "[policies]") {
  auto mesh = shop();
  resources::Documents documents;
  documents.load_balancer_policies.push_back(balancer("a", {}));
  auto warm = balancer("a", {});
  warm.simple = resources::LoadBalancerPolicy::Simple::least_request;
  warm.warm_up = std::chrono::seconds(100);
  const auto hour = [](int n) { return base::TimePoint(std::chrono::hours(n)); };
  // Of each endpoint, "10.0.0.2 0.1"; none: nobody warms up.
  const auto warmth = [&](base::TimePoint now) {
    const auto compiled = mesh.at(now).compile_all(documents);
    Lines lines;
    for (const auto& upstream : compiled.table->upstreams) {
      if (!upstream || upstream->name != "cart.shop.mesh.internal:80") continue;
      const auto& tier = upstream->tiers.at(0);
      for (std::size_t i = 0; tier.warm_up && i < tier.members.size(); ++i)
        lines.push_back(tier.members[i].address.ip.to_string() + ' ' +
                        std::to_string(tier.warm_up->warmth(i, now)).substr(0, 3));
    }
    return lines;
  };
  auto& endpoints = mesh.service("east", "cart").endpoints;
  const auto three = [&] {
    auto all = endpoints;
    all.push_back(all.front());
    all.back().ip = *base::IpAddress::parse("10.0.0.9");
    return all;
  }();
  mesh.unsynced();
  CHECK(warmth(hour(1)).empty());
  endpoints = three;
  mesh.synced();
  CHECK(warmth(hour(2)).empty());  // still what was there before
  endpoints = {three[0], three[2]};
  CHECK(warmth(hour(3)).empty());
  endpoints = three;
  CHECK(warmth(hour(4)).empty());  // no policy asks for it
  documents.load_balancer_policies = {};
  documents.load_balancer_policies.push_back(warm);
  CHECK(warmth(hour(4) + std::chrono::seconds(30)) ==
        Lines{"10.0.0.1 1.0", "10.0.0.2 0.3", "10.0.0.9 1.0"});
  endpoints[2].health = discovery::view::Health::unhealthy;
  CHECK(warmth(hour(5)) == Lines{"10.0.0.1 1.0", "10.0.0.2 1.0"});
  endpoints[2].health = discovery::view::Health::healthy;
  CHECK(warmth(hour(6)) == Lines{"10.0.0.1 1.0", "10.0.0.2 1.0", "10.0.0.9 0.1"});
  documents.load_balancer_policies = {};
  warm.simple = resources::LoadBalancerPolicy::Simple::random;
  documents.load_balancer_policies.push_back(warm);
  CHECK(warmth(hour(6)).empty());
}
