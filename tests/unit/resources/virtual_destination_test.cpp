#include "tests/unit/resources/reading.hpp"

#include <catch2/catch.hpp>

using Lines = std::vector<std::string>;

namespace {

resources::Loaded load_spec(std::string spec) {
  return load_text(
      "apiVersion: networking.gloo.solo.io/v2\nkind: VirtualDestination\nmetadata: {name: ratings, "
      "namespace: shop}\n"
      "spec: " +
      spec + "\n");
}

}  // namespace

TEST_CASE("a VirtualDestination is read field by field", "[resources]") {
  const auto loaded = load_text(R"(
apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata:
  name: ratings
  namespace: shop
  labels: {team: a}
  annotations: {cluster.solo.io/cluster: east}
  creationTimestamp: "2024-05-06T07:08:09Z"
spec:
  hosts: [Ratings.Mesh.internal., ratings.global]
  services:
  - labels: {app: ratings}
    cluster: west
  - {}
  ports:
  - number: 80
    protocol: grpc
    targetPort: {name: http}
  - number: 443
  prefer: [zone, "cluster:us-1", any]
)");
  CHECK(lines(loaded.problems).empty());
  REQUIRE(loaded.documents.virtual_destinations.size() == 1);
  const auto& vd = loaded.documents.virtual_destinations[0];
  CHECK(vd.metadata.name == "ratings");
  CHECK(vd.metadata.namespace_ == "shop");
  CHECK(vd.metadata.cluster == "east");
  CHECK(vd.metadata.created_at == 1714979289);
  CHECK(vd.metadata.place == resources::Place{"a.yaml", 2, 1});
  CHECK(vd.hosts == Lines{"ratings.mesh.internal", "ratings.global"});
  REQUIRE(vd.services.size() == 2);
  CHECK(vd.services[0].labels == base::Labels{{"app", "ratings"}});
  CHECK(vd.services[0].cluster == "west");
  REQUIRE(vd.ports.size() == 2);
  CHECK(vd.ports[0].protocol == "GRPC");
  CHECK(vd.ports[0].target_port.name == "http");
  CHECK(vd.ports[1].protocol == "HTTP");
  CHECK(vd.ports[1].target_port.unset());
  CHECK(vd.prefer == Lines{"zone", "cluster:us-1", "any"});
}

TEST_CASE("hosts of a VirtualDestination are checked", "[resources]") {
  const auto problems = [](const std::string& host) {
    return lines(
        load_spec("{hosts: [" + host + "], services: [{}], ports: [{number: 80}]}").problems);
  };
  CHECK(problems("a.b").empty());
  CHECK(problems("a-1.b").empty());
  CHECK(problems("\"*.a.b\"").empty());
  for (const auto bad :
       {"\"*\"", "\"*.\"", "\"*-a.b\"", "\"*a.b\"", "a.*.b", "\"*.*.b\"", "a..b", "-a.b", "a-.b",
        "\"\"", "a_b.c", "10.0.0.1", "http://a.b", "\"a.b:80\"", "bücher.de", "a b"}) {
    INFO(bad);
    REQUIRE(problems(bad).size() == 1);
    CHECK(problems(bad)[0].find(
              "a.yaml:4:16: error: VirtualDestination shop/ratings: spec.hosts[0]: ") == 0);
  }
  CHECK(problems(std::string(63, 'a') + ".b").empty());
  CHECK(problems(std::string(64, 'a') + ".b").size() == 1);
  CHECK(problems("a.b, A.b.").at(0).find("host \"a.b\" is given twice") != std::string::npos);
}

TEST_CASE("a VirtualDestination needs ports, and hosts or services", "[resources]") {
  CHECK(lines(load_spec("{hosts: [a.b], services: [{}]}").problems) ==
        Lines{"a.yaml:4:7: error: VirtualDestination shop/ratings: spec.ports: missing; this field "
              "is required"});
  CHECK(lines(load_spec("{ports: [{number: 80}]}").problems)
            .at(0)
            .find("neither hosts nor services") != std::string::npos);
  CHECK(load_spec("{services: [{}], ports: [{number: 80}]}").problems.empty());
  const auto external = load_spec("{externalServices: [{name: auth}, {}], ports: [{number: 80}]}");
  CHECK(external.problems.empty());
  const auto& selectors = external.documents.virtual_destinations.at(0).external_services;
  REQUIRE(selectors.size() == 2);
  CHECK(selectors[0].name == "auth");
  CHECK(
      lines(
          load_spec("{hosts: [a.b], services: [{}], ports: [{number: 80}, {number: 80}]}").problems)
          .at(0)
          .find("port 80 is given twice") != std::string::npos);
  CHECK(
      lines(
          load_spec("{hosts: [a.b], services: [{}], ports: [{number: 0, protocol: UDP}]}").problems)
          .size() == 2);
  const auto prefer = load_spec(
      "{hosts: [a.b], services: [{}], ports: [{number: 80}], prefer: [zone, planet, zone]}");
  CHECK(lines(prefer.problems).size() == 2);
  CHECK(prefer.documents.virtual_destinations.empty());
}

TEST_CASE("an ObjectSelector matches by all that it gives", "[resources]") {
  resources::Metadata object;
  object.name = "reviews";
  object.namespace_ = "shop";
  object.labels = {{"app", "reviews"}, {"version", "v1"}};
  using resources::ObjectSelector;
  CHECK(ObjectSelector{}.matches(object, "east"));
  CHECK(
      ObjectSelector{{{"app", "reviews"}}, "reviews", "shop", "east", ""}.matches(object, "east"));
  CHECK_FALSE(ObjectSelector{{{"app", "x"}}, "", "", "", ""}.matches(object, "east"));
  CHECK_FALSE(ObjectSelector{{}, "ratings", "", "", ""}.matches(object, "east"));
  CHECK_FALSE(ObjectSelector{{}, "", "other", "", ""}.matches(object, "east"));
  CHECK_FALSE(ObjectSelector{{}, "", "", "west", ""}.matches(object, "east"));
}

TEST_CASE("the older of two documents wins, then the order of their names", "[resources]") {
  const auto object = [](std::int64_t created_at, std::string cluster, std::string name) {
    resources::Metadata metadata;
    metadata.created_at = created_at;
    metadata.cluster = std::move(cluster);
    metadata.name = std::move(name);
    return metadata;
  };
  CHECK(precedes(object(5, "z", "z"), object(6, "a", "a")));
  CHECK(precedes(object(5, "z", "z"), object(0, "a", "a")));
  CHECK_FALSE(precedes(object(0, "a", "a"), object(5, "z", "z")));
  CHECK(precedes(object(0, "a", "z"), object(0, "b", "a")));
  CHECK(precedes(object(0, "a", "a"), object(0, "a", "b")));
  CHECK_FALSE(precedes(object(0, "a", "a"), object(0, "a", "a")));
}

TEST_CASE("no virtual destination is called like what serves an external service", "[resources]") {
  const auto loaded = load_text(
      "apiVersion: networking.gloo.solo.io/v2\nkind: VirtualDestination\n"
      "metadata: {name: 'external:auth'}\n"
      "spec: {hosts: [a.example], services: [{name: x}], ports: [{number: 80}]}\n");
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].message ==
        "a name that begins like \"external:NAME\" is an ExternalService's");
}
