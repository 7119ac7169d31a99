#include "forwarder/upstreams.hpp"

#include "resources/external_aliases.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/forwarder/scene.hpp"

using namespace forwarder;
using namespace scene;

namespace {

// One route, with a sole destination.
Compiled compile_to(Mesh& mesh, const resources::DestinationRef& ref) {
  resources::ForwardTo forward;
  forward.destinations = {ref};
  return mesh.compile({table("main", {"h"}, {route({}, forward)})});
}

// "own cluster 1.00: 10.0.0.1:8080; any 0.00: 10.0.0.2:8080" of where a sole destination leads.
std::string tiers(Mesh& mesh, const resources::DestinationRef& ref) {
  const auto compiled = compile_to(mesh, ref);
  const auto decision = decide(*compiled.table, Incoming("GET", "h", "/"));
  if (const auto* reply = std::get_if<Reply>(&decision.action)) return reply->body;
  std::string text;
  for (const auto& tier : std::get_if<Forward>(&decision.action)->upstream->tiers) {
    text += (text.empty() ? "" : "; ") + tier.name + ' ' + std::to_string(tier.share).substr(0, 4);
    for (const auto& member : tier.members) text += ' ' + member.address.to_string();
  }
  return text;
}

}  // namespace

TEST_CASE("an upstream has the tiers of the selection, with the endpoints' own ports") {
  Mesh mesh;
  mesh.has("west", "ratings", {"10.1.0.1"}).has("east", "ratings", {"10.0.0.1", "10.0.0.2"});
  CHECK(tiers(mesh, service("ratings")) ==
        "own cluster 1.00 10.0.0.1:8080 10.0.0.2:8080; any 0.00 10.1.0.1:8080");
}

TEST_CASE("a service of a named cluster is that cluster's alone") {
  Mesh mesh;
  mesh.has("west", "ratings", {"10.1.0.1"}).has("east", "ratings", {"10.0.0.1"});
  auto ref = service("ratings");
  ref.ref.cluster = "west";
  CHECK(tiers(mesh, ref) == "any 1.00 10.1.0.1:8080");
  ref.ref.cluster = "south";
  CHECK(tiers(mesh, ref) == "");
}

TEST_CASE("a virtual destination is found whichever cluster its reference names") {
  Mesh mesh;
  mesh.has("west", "ratings", {"10.1.0.1"}).has_virtual("ratings.mesh.internal", "ratings", 9080);
  auto ref = virtual_destination("ratings", 9080);
  CHECK(tiers(mesh, ref) == "any 1.00 10.1.0.1:8080");
  ref.ref.cluster = "west";
  CHECK(tiers(mesh, ref) == "any 1.00 10.1.0.1:8080");
  ref.ref.namespace_ = "elsewhere";
  CHECK(tiers(mesh, ref) ==
        "route shop/main[0] is broken: VirtualDestination elsewhere/ratings is not known here\n");
}

TEST_CASE("a subset keeps the endpoints with its labels, their tiers sharing anew") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"}, {{"version", "v1"}})
      .has("west", "ratings", {"10.1.0.1"}, {{"version", "v2"}});
  auto ref = service("ratings");
  ref.subset = {{"version", "v2"}};
  CHECK(tiers(mesh, ref) == "any 1.00 10.1.0.1:8080");
  ref.subset = {{"version", "v3"}};
  CHECK(tiers(mesh, ref) == "");
}

TEST_CASE("what has an address of each family counts once, by its IPv4 one where there is one") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1", "10.0.0.2"})
      .has("east", "ratings", {"fd00::1", "fd00::3"})
      .has("west", "ratings", {"fd00::9"});
  const auto mark = [&](const char* cluster, std::size_t which) {
    auto& endpoint = mesh.service(cluster, "ratings").endpoints[which];
    auto traits = *endpoint.traits;
    traits.second_address = true;
    endpoint.traits = std::make_shared<const discovery::view::Traits>(std::move(traits));
  };
  mark("east", 2);  // the other of IPv6 has none of IPv4
  mark("west", 0);  // whose IPv4 address is not taken here
  CHECK(tiers(mesh, service("ratings")) ==
        "own cluster 1.00 10.0.0.1:8080 10.0.0.2:8080 [fd00::3]:8080; any 0.00 [fd00::9]:8080");
}

TEST_CASE("a subset with only ill endpoints fails open, as a destination does") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"}, {{"version", "v1"}})
      .has("east", "ratings", {"10.0.0.2"}, {{"version", "v2"}});
  mesh.service("east", "ratings").endpoints[1].health = discovery::view::Health::unhealthy;
  auto ref = service("ratings");
  CHECK(tiers(mesh, ref) == "own cluster 1.00 10.0.0.1:8080");
  ref.subset = {{"version", "v2"}};
  CHECK(tiers(mesh, ref) == "own cluster 1.00 10.0.0.2:8080");
}

TEST_CASE("endpoints that do not serve the port are left out, and the others share alone") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"}).has("west", "ratings", {"10.1.0.1"});
  discovery::view::Traits other;
  other.cluster = "east";
  other.ports = {{"other", 1}};
  mesh.service("east", "ratings").endpoints[0].traits =
      std::make_shared<const discovery::view::Traits>(other);
  CHECK(tiers(mesh, service("ratings")) == "any 1.00 10.1.0.1:8080");
}

TEST_CASE("an address that two services of a destination share stands once in a tier") {
  Mesh mesh;
  mesh.has("north", "ratings", {"10.1.0.9"}).has("west", "ratings", {"10.1.0.9", "10.1.0.1"});
  CHECK(tiers(mesh, service("ratings")) == "any 1.00 10.1.0.9:8080 10.1.0.1:8080");

  // What stands once is held once: its slot is free again when it is gone.
  for (const auto* cluster : {"north", "west"}) mesh.service(cluster, "ratings").endpoints.clear();
  mesh.compile({});
  mesh.has("west", "ratings", {"10.1.0.2", "10.1.0.3"});
  CHECK(mesh.compile({}).table->slots.size() == 2);
}

TEST_CASE("members carry their endpoints' weights, summed up where they differ") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  const auto until = [&] {
    const auto compiled = mesh.compile({table("main", {"h"}, {route({}, to("ratings"))})});
    const auto decision = decide(*compiled.table, Incoming("GET", "h", "/"));
    return std::get_if<Forward>(&decision.action)->upstream->tiers.at(0).until;
  };
  CHECK(until().empty());
  mesh.service("east", "ratings").endpoints[1].weight = 3;
  CHECK(until() == std::vector<std::uint64_t>{1, 4, 5});
}

TEST_CASE("a port is chosen by number or name, and must be said when there are several") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"});
  auto ref = service("ratings");
  ref.port = {0, "http"};
  CHECK(tiers(mesh, ref) == "own cluster 1.00 10.0.0.1:8080");
  ref.port = {};
  CHECK(tiers(mesh, ref) == "own cluster 1.00 10.0.0.1:8080");
  ref.port = {81, ""};
  CHECK(tiers(mesh, ref) ==
        "route shop/main[0] is broken: ratings.shop.mesh.internal has no port 81; it has 80 "
        "(http)\n");
}

TEST_CASE("a service that no zone names is found by itself") {
  discovery::view::Service hidden;
  hidden.cluster = "east";
  hidden.namespace_ = "kube-system";
  hidden.name = "dashboard";
  hidden.ports = {{"http", 80, "", 8080, "http"}, {"admin", 81, "", 8081, ""}};
  hidden.endpoints.resize(1);
  discovery::view::Traits traits;
  traits.cluster = "east";
  hidden.endpoints[0].traits = std::make_shared<const discovery::view::Traits>(traits);
  hidden.endpoints[0].ip = base::IpAddress::parse("10.0.0.7").value();
  auto view = std::make_shared<discovery::view::View>();
  view->cluster = "east";
  view->synced = true;
  view->services.push_back(std::make_shared<const discovery::view::Service>(hidden));
  const auto resolution = discovery::view::resolve(view);
  KeptUpstreams kept;
  kept.begin_table();
  DestinationNames names;
  names.go_to(resolution);
  DestinationPolicies policies{resources::Documents{}};
  Upstreams upstreams(resolution, kept, names, policies);
  const auto found = upstreams.find(service("dashboard", 81), "kube-system");
  REQUIRE(found);
  const auto& upstream = *kept.upstreams().at(found->upstream);
  CHECK(upstream.name == "service kube-system/dashboard:81");
  CHECK(upstream.tiers.at(0).members.at(0).address.to_string() == "10.0.0.7:8081");
  CHECK(upstreams.find(service("dashboard", 0), "kube-system").error().message ==
        "dashboard.kube-system has the ports 80 (http), 81 (admin): say which");
}

TEST_CASE(
    "an external service is found by its name, and so is a virtual destination without hosts") {
  Mesh mesh;
  const auto alias = resources::external_alias("auth");
  mesh.has("east", alias, {"192.0.2.1"}).has_virtual("auth.example", alias);
  mesh.has("east", "parts", {"10.0.0.1"}).has_virtual("VirtualDestination shop/parts", "parts");
  auto external = virtual_destination("auth");
  external.kind = resources::DestinationKind::external_service;
  CHECK(tiers(mesh, external) == "own cluster 1.00 192.0.2.1:8080");
  CHECK(tiers(mesh, virtual_destination("parts")) == "own cluster 1.00 10.0.0.1:8080");
  // Neither kind has the other's names.
  CHECK(
      tiers(mesh, virtual_destination("auth")).find("VirtualDestination shop/auth is not known") !=
      std::string::npos);
  external.ref.name = "parts";
  CHECK(tiers(mesh, external).find("ExternalService shop/parts is not known") != std::string::npos);
  external.ref.name = "auht";
  const auto compiled = compile_to(mesh, external);
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].hint == "did you mean \"shop/auth\"?");
}

TEST_CASE("a port to which Gloo would speak TLS is no place to send plain text to, with a word") {
  Mesh mesh;
  const auto alias = resources::external_alias("auth");
  mesh.has("east", alias, {"192.0.2.1"}).has_virtual("auth.example", alias, 443, "TLS");
  auto external = virtual_destination("auth", 443);
  external.kind = resources::DestinationKind::external_service;
  const auto compiled = compile_to(mesh, external);
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].severity == resources::Severity::warning);
  CHECK(compiled.problems[0].message ==
        "port 443 of auth takes TLS, which the forwarder does not speak yet");
  CHECK(tiers(mesh, external) ==
        "route shop/main[0] is broken: port 443 of auth takes TLS, which the forwarder does not "
        "speak yet\n");
}

TEST_CASE("routes to one destination share its upstream, and its addresses their slots") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"}).has_virtual("ratings.mesh.internal", "ratings");
  const auto compiled = mesh.compile(
      {table("main", {"h"}, {route({exact("/")}, to("ratings")), route({}, to("ratings"))})});
  const auto upstream = [&](const char* path) {
    const auto decision = decide(*compiled.table, Incoming("GET", "h", path));
    return &*std::get<Forward>(decision.action).upstream;
  };
  CHECK(upstream("/") == upstream("/other"));
  CHECK(compiled.table->slots.size() == 1);
}

TEST_CASE("slots stay the same from table to table") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.2"});
  const auto before = mesh.compile({});
  mesh.has("east", "aardvark", {"10.0.0.1"});
  const auto after = mesh.compile({});
  CHECK(before.table->slots.at(0).address == after.table->slots.at(0).address);
  CHECK(after.table->slots.size() == 2);
  CHECK(after.table->version == before.table->version + 1);
}
