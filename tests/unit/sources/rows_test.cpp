#include "discovery/sources/rows.hpp"

#include <catch2/catch.hpp>

#include "discovery/row_check.hpp"

using namespace discovery;

namespace {

sources::MadeRows rows_of(std::string text) {
  auto loaded = resources::load({{"test.yaml", std::move(text)}});
  for (const auto& problem : loaded.problems) INFO(problem.to_string());
  REQUIRE_FALSE(resources::has_errors(loaded.problems));
  return sources::make_rows(loaded.documents, {{"kube-*", "nearmost"}});
}

const EndpointRow& endpoint(const std::vector<RowValue>& rows, const std::string& id) {
  for (const auto& row : rows)
    if (const auto* found = std::get_if<EndpointRow>(&row); found && found->id == id) return *found;
  FAIL("no endpoint " << id);
  std::abort();
}

std::vector<RowValue> decoded(const sources::MadeRows& made) {
  std::vector<RowValue> rows;
  for (const auto& row : made.rows) {
    auto value = decode(row.key, row.value);
    REQUIRE(value.ok());
    rows.push_back(std::move(*value));
  }
  return rows;
}

constexpr const char* kSlices = R"(
apiVersion: v1
kind: Service
metadata: {name: ratings, namespace: bookinfo, labels: {app: ratings}}
spec:
  selector: {app: ratings, version: v1}
  ports: [{name: http, port: 80, targetPort: 9080}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ratings-a, namespace: bookinfo, labels: {kubernetes.io/service-name: ratings}}
addressType: IPv4
ports: [{name: http, port: 9080}]
endpoints:
- {addresses: [10.0.0.1], conditions: {ready: true}, zone: us-east-1a, hostname: ratings-0}
- {addresses: [10.0.0.2], conditions: {ready: false}}
- {addresses: [10.0.0.3], conditions: {ready: false, serving: true, terminating: true}}
- {addresses: [10.0.0.4], conditions: {}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ratings-b, namespace: bookinfo, labels: {kubernetes.io/service-name: ratings}}
addressType: IPv4
ports: [{name: http, port: 9080}]
endpoints:
- {addresses: [10.0.0.2], conditions: {ready: true}}
)";

}  // namespace

TEST_CASE("slices of a service are joined; the ready word on an address wins") {
  const auto rows = decoded(rows_of(kSlices));
  REQUIRE(rows.size() == 5);
  CHECK(endpoint(rows, "10.0.0.1").health == view::Health::healthy);
  CHECK(endpoint(rows, "10.0.0.1").traits.locality.zone == "us-east-1a");
  CHECK(endpoint(rows, "10.0.0.1").traits.hostname == "ratings-0");
  CHECK(endpoint(rows, "10.0.0.1").traits.labels.at("version") == "v1");
  CHECK(endpoint(rows, "10.0.0.2").health == view::Health::healthy);
  CHECK(endpoint(rows, "10.0.0.3").health == view::Health::draining);
  CHECK(endpoint(rows, "10.0.0.4").health == view::Health::healthy);  // absent conditions are ready
}

TEST_CASE("the short form gives ports, labels, weights and readiness to its endpoints") {
  const auto rows = decoded(rows_of(R"(
service: ratings
namespace: bookinfo
labels: {app: ratings}
ports: {http: 9080}
locality: {zone: z1}
endpoints:
- 10.0.0.5
- 10.0.0.6:9081
- {address: 10.0.0.7, zone: z2, weight: 2, labels: {version: v2}, hostname: ratings-2, ready: false}
)"));
  REQUIRE(rows.size() == 4);
  CHECK(endpoint(rows, "10.0.0.5").traits.ports == std::vector<view::EndpointPort>{{"http", 9080}});
  CHECK(endpoint(rows, "10.0.0.5").traits.locality.zone == "z1");
  CHECK(endpoint(rows, "10.0.0.6:9081").traits.ports ==
        std::vector<view::EndpointPort>{{"http", 9081}});
  const auto third = endpoint(rows, "10.0.0.7");
  CHECK(third.traits.locality.zone == "z2");
  CHECK(third.weight == 2);
  CHECK(third.traits.labels.at("app") == "ratings");
  CHECK(third.traits.labels.at("version") == "v2");
  CHECK(third.health == view::Health::unhealthy);
}

TEST_CASE("what is in a namespace that is not exported makes rows for the home alone") {
  const auto rows = rows_of(
      "service: a\nnamespace: kube-system\nport: 1\nendpoints: [10.0.0.1]\n---\n"
      "service: b\nnamespace: nearmost\nport: 1\nendpoints: [10.0.0.1]\n---\n"
      "service: d\nnamespace: nearmost-apps\nport: 1\nendpoints: [10.0.0.1]\n---\n"
      "service: c\nport: 1\nendpoints: [10.0.0.1]\n");
  CHECK(rows.rows.size() == 4);
  CHECK(rows.home.size() == 4);
  CHECK(rows.problems.empty());
}

TEST_CASE("an object says for itself whether it is exported") {
  const auto rows = rows_of(
      "service: a\nport: 1\nexport: false\nendpoints: [10.0.0.1]\n---\n"
      "service: b\nnamespace: kube-public\nport: 1\nexport: true\nendpoints: [10.0.0.1]\n---\n"
      "apiVersion: v1\nkind: Service\nmetadata:\n  name: c\n"
      "  annotations: {nearmost.io/export: \"false\"}\nspec: {ports: [{port: 1}]}\n");
  CHECK(rows.rows.size() == 2);  // b
  CHECK(rows.home.size() == 3);  // a, and c without endpoints
  CHECK(rows.problems.empty());
}

TEST_CASE("what is not clearly to be exported stays at home, and its author hears of it") {
  const auto rows = rows_of(
      "apiVersion: v1\nkind: Service\nmetadata:\n  name: c\n"
      "  annotations: {nearmost.io/export: \"no\"}\nspec: {ports: [{port: 1}]}\n");
  CHECK(rows.rows.empty());
  CHECK(rows.home.size() == 1);
  REQUIRE(rows.problems.size() == 1);
  CHECK(rows.problems[0].message == "annotation nearmost.io/export is \"no\": not exported");
}

TEST_CASE("a service defined both ways is a problem at the second, and the first serves") {
  // Within one set of files the loader says so; here two sources meet.
  auto documents = resources::load({{"a.yaml", kSlices}}).documents;
  auto others = resources::load(
      {{"b.yaml", "service: ratings\nnamespace: bookinfo\nport: 1\nendpoints: [10.9.9.9]\n"}});
  documents.static_services = others.documents.static_services;
  const auto made = sources::make_rows(documents, {});
  REQUIRE(made.problems.size() == 1);
  CHECK(made.problems[0].place.file == "b.yaml");
  CHECK(made.problems[0].place.line > 0);
  CHECK(made.rows.size() == 5);
}

namespace {

std::string slice(const std::string& name, int port, const std::string& endpoints) {
  return "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: " + name +
         ", labels: {kubernetes.io/service-name: web}}\naddressType: IPv4\nports: [{port: " +
         std::to_string(port) + "}]\nendpoints: [" + endpoints + "]\n";
}
const std::string kWeb =
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";

}  // namespace

TEST_CASE("an endpoint that terminates drains while it serves and is unhealthy after") {
  const auto rows = decoded(rows_of(
      kWeb + slice("a", 80,
                   "{addresses: [10.0.0.1], conditions: {serving: true, terminating: true}}, "
                   "{addresses: [10.0.0.2], conditions: {serving: false, terminating: true}}")));
  CHECK(endpoint(rows, "10.0.0.1").health == view::Health::draining);
  CHECK(endpoint(rows, "10.0.0.2").health == view::Health::unhealthy);
}

TEST_CASE("publishNotReadyAddresses makes what is not ready count, but not what terminates") {
  auto service = kWeb;
  service.insert(service.find("{ports"), "{publishNotReadyAddresses: true, ");
  service.erase(service.find("{ports"), 1);
  const auto rows = decoded(
      rows_of(service + slice("a", 80,
                              "{addresses: [10.0.0.1], conditions: {ready: false}}, "
                              "{addresses: [10.0.0.2], conditions: {ready: false, serving: true, "
                              "terminating: true}}")));
  CHECK(endpoint(rows, "10.0.0.1").health == view::Health::healthy);
  CHECK(endpoint(rows, "10.0.0.2").health == view::Health::draining);
}

TEST_CASE("one address with different ports is several endpoints, whatever order slices come in") {
  const auto a = slice("a", 8080, "{addresses: [10.0.0.1]}"),
             b = slice("b", 8081, "{addresses: [10.0.0.1]}"),
             again = slice("c", 8080, "{addresses: [10.0.0.1], conditions: {ready: false}}");
  const auto made = rows_of(kWeb + a + b + again);
  const auto rows = decoded(made);
  REQUIRE(rows.size() == 3);
  CHECK(endpoint(rows, "10.0.0.1:8080").health == view::Health::healthy);
  CHECK(endpoint(rows, "10.0.0.1:8081").traits.ports.front().number == 8081);
  CHECK(rows_of(kWeb + again + b + a).rows == made.rows);
}

TEST_CASE("slices without their Service are joined and known all the same") {
  const auto rows = decoded(rows_of(slice("a", 80, "{addresses: [10.0.0.1]}") +
                                    slice("b", 80,
                                          "{addresses: [10.0.0.1], conditions: {ready: false}}, "
                                          "{addresses: [10.0.0.2]}")));
  REQUIRE(rows.size() == 2);
  CHECK(endpoint(rows, "10.0.0.1").health == view::Health::healthy);
}

TEST_CASE("what is too large for a row is a problem and leaves the rest alone") {
  resources::Documents documents;
  resources::StaticService service;
  service.metadata.name = "huge";
  service.metadata.place = {"huge.yaml", 3, 1};
  service.metadata.labels["note"] = std::string(kMaxRowBytes, 'x');
  documents.static_services.push_back(service);
  resources::StaticService small;
  small.metadata.name = "small";
  documents.static_services.push_back(small);
  const auto made = sources::make_rows(documents, {});
  REQUIRE(made.problems.size() == 1);
  CHECK(made.problems[0].place == resources::Place{"huge.yaml", 3, 1});
  CHECK(made.problems[0].message.find("too large for the mesh") == 0);
  CHECK(made.rows.size() == 1);
}

TEST_CASE("what no peer would take is a problem at home, with file and line, and makes no row") {
  resources::Documents documents;
  resources::StaticService service;
  service.metadata.name = "wide";
  service.metadata.place = {"wide.yaml", 7, 1};
  service.ports.resize(kMaxPortsInRow + 1);
  service.endpoints.resize(3);
  documents.static_services.push_back(service);
  resources::VirtualDestination destination;
  destination.metadata.name = "many";
  destination.metadata.place = {"many.yaml", 9, 1};
  for (std::size_t i = 0; i <= kMaxHostsInRow; ++i)
    destination.hosts.push_back("h" + std::to_string(i) + ".mesh.internal");
  documents.virtual_destinations.push_back(destination);
  resources::StaticService bad;
  bad.metadata.name = "bent";
  bad.metadata.labels["note"] = "two\nlines";
  documents.static_services.push_back(bad);
  const auto made = sources::make_rows(documents, {});
  REQUIRE(made.problems.size() == 3);
  CHECK(made.problems[0].place == resources::Place{"wide.yaml", 7, 1});
  CHECK(made.problems[0].message == "not for the mesh: ports are 129, at most 128");
  CHECK(made.problems[1].message.find("labels") != std::string::npos);
  CHECK(made.problems[2].place == resources::Place{"many.yaml", 9, 1});
  CHECK(made.rows.empty());
}

TEST_CASE("an endpoint that is a name is one for each of its addresses, and says its name") {
  const auto ip = [](const char* text) { return *base::IpAddress::parse(text); };
  const auto loaded = resources::load(
      {{"a.yaml",
        "service: db\nport: 5432\nlabels: {app: db}\n"
        "endpoints: [10.0.0.1, {address: 'db.example:5433', zone: z1}, unknown.example]\n"}});
  sources::Seen seen;
  seen.names["db.example"] = {{ip("192.0.2.1"), ip("2001:db8::1")}, true};
  const auto rows = decoded(sources::make_rows(loaded.documents, {}, seen));
  REQUIRE(rows.size() == 4);  // and the service
  CHECK(endpoint(rows, "10.0.0.1").traits.labels == base::Labels{{"app", "db"}});
  const auto& named = endpoint(rows, "192.0.2.1:5433");
  CHECK(named.ip == ip("192.0.2.1"));
  CHECK(named.traits.ports == std::vector<view::EndpointPort>{{"", 5433}});
  CHECK(named.traits.labels == base::Labels{{"app", "db"}, {"nearmost.io/name", "db.example"}});
  CHECK(named.traits.locality.zone == "z1");
  CHECK(endpoint(rows, "2001:db8::1:5433").ip == ip("2001:db8::1"));
  CHECK(sources::make_rows(loaded.documents, {}).rows.size() == 2);  // nobody knows them yet
}

TEST_CASE("an endpoint that does not answer is unhealthy; whom to ask is said by the documents") {
  const auto loaded =
      resources::load({{"a.yaml",
                        "service: a\nports: {http: 80, admin: 81}\n"
                        "endpoints: [10.0.0.1, {address: 10.0.0.2, ready: false}, a.example,"
                        " {address: 10.0.0.9, network: there}]\n---\n"
                        "service: b\nport: 80\ncheck: false\nendpoints: [10.0.0.3]\n---\n"
                        "service: c\nport: 80\ncheck: true\nendpoints: ['10.0.0.4:82']\n"}});
  const auto address = [](const char* text) { return *base::SocketAddress::parse(text); };
  sources::Seen seen;
  seen.names["a.example"].addresses = {*base::IpAddress::parse("192.0.2.1")};
  const auto targets =
      sources::check_targets(loaded.documents.static_services, seen.names, {true, {"here"}});
  CHECK(targets ==
        sources::CheckTargets{
            {{"default", "a", "10.0.0.1"}, {{address("10.0.0.1:81"), address("10.0.0.1:80")}}},
            {{"default", "a", "192.0.2.1"}, {{address("192.0.2.1:81"), address("192.0.2.1:80")}}},
            {{"default", "c", "10.0.0.4:82"}, {{address("10.0.0.4:82")}}}});
  CHECK(sources::check_targets(loaded.documents.static_services, seen.names, {false, {}}).size() ==
        1);

  seen.failing = {{{"default", "a", "192.0.2.1"}, "answers 503"},
                  {{"default", "c", "10.0.0.4:82"}, "refuses connections"}};
  const auto rows = decoded(sources::make_rows(loaded.documents, {}, seen));
  CHECK(endpoint(rows, "10.0.0.1").health == view::Health::healthy);
  CHECK(endpoint(rows, "192.0.2.1").health == view::Health::unhealthy);
  CHECK(endpoint(rows, "192.0.2.1").traits.labels.at(sources::kUnhealthyLabel) == "answers 503");
  CHECK_FALSE(endpoint(rows, "10.0.0.1").traits.labels.contains(sources::kUnhealthyLabel));
  CHECK(endpoint(rows, "10.0.0.3").health == view::Health::healthy);
  CHECK(endpoint(rows, "10.0.0.4:82").health == view::Health::unhealthy);
}

TEST_CASE("a check by HTTP or gRPC asks one port, the first or that which it names") {
  const auto ports_of = [](const std::string& check) {
    const auto loaded = resources::load(
        {{"a.yaml",
          "service: a\nports: {http: 80, admin: 81}\nendpoints: [10.0.0.1]\ncheck: " + check}});
    REQUIRE(loaded.problems.empty());
    std::vector<int> ports;
    for (const auto& [name, target] :
         sources::check_targets(loaded.documents.static_services, {}, {false, {}}))
      for (const auto& address : target.addresses) ports.push_back(address.port);
    return ports;
  };
  CHECK(ports_of("{tcp: true}") == std::vector{81, 80});
  CHECK(ports_of("{port: http}") == std::vector{80});
  CHECK(ports_of("{http: /healthz}") == std::vector{81});  // in the order of their names
  CHECK(ports_of("{http: /healthz, port: http}") == std::vector{80});
  CHECK(ports_of("{grpc: shop.Web, port: 9999}") == std::vector{9999});
  CHECK(ports_of("{tcp: false}").empty());
}

TEST_CASE("endpoints of an external service on one address stand side by side") {
  const auto loaded = resources::load(
      {{"a.yaml",
        "apiVersion: networking.gloo.solo.io/v2\nkind: ExternalService\nmetadata: {name: x}\n"
        "spec: {hosts: [x.example], selector: {a: b}, ports: [{number: 80, name: http}]}\n---\n"
        "apiVersion: networking.gloo.solo.io/v2\nkind: ExternalEndpoint\n"
        "metadata: {name: one, labels: {a: b}}\n"
        "spec: {address: 192.0.2.1, ports: [{name: http, number: 8080}]}\n---\n"
        "apiVersion: networking.gloo.solo.io/v2\nkind: ExternalEndpoint\n"
        "metadata: {name: two, labels: {a: b}}\n"
        "spec: {address: 192.0.2.1, ports: [{name: http, number: 8081}]}\n---\n"
        "apiVersion: networking.gloo.solo.io/v2\nkind: ExternalEndpoint\n"
        "metadata: {name: none, labels: {a: b}}\n"
        "spec: {address: 192.0.2.2, ports: [{name: other, number: 9090}]}\n"}});
  const auto rows = decoded(sources::make_rows(loaded.documents, {}));
  CHECK(endpoint(rows, "192.0.2.1:8080").traits.ports.front().number == 8080);
  CHECK(endpoint(rows, "192.0.2.1:8081").traits.ports.front().number == 8081);
  CHECK(rows.size() == 4);  // with the service and its host; the third has no such port
}

TEST_CASE("an endpoint is where its node is, or others of its zone are") {
  const auto node = [](const char* name) { return resources::node_number(name); };
  const sources::NodePlaces places{{{node("n1"), {"us", "us-1a", "rack-7"}}, {node("n2"), {}}},
                                   {{"us-1a", "us"}, {"us-1b", "us"}}};
  const auto of = [&](const char* zone, const char* name) {
    resources::SliceEndpoint endpoint;
    endpoint.zone = zone;
    endpoint.node = node(name);
    return sources::place_of(endpoint, &places).to_string();
  };
  CHECK(of("", "n1") == "us/us-1a/rack-7");
  CHECK(of("us-1a", "n1") == "us/us-1a/rack-7");
  CHECK(of("us-1b", "n1") == "us/us-1b");  // its own word counts
  CHECK(of("us-1b", "n3") == "us/us-1b");
  CHECK(of("eu-1a", "n2") == base::Locality{"", "eu-1a", ""}.to_string());
  CHECK(of("", "n3") == "");
  auto loaded = resources::load({{"test.yaml", kSlices}});
  sources::Seen seen;
  seen.places = std::make_shared<const sources::NodePlaces>(
      sources::NodePlaces{{}, {{"us-east-1a", "us-east"}}});
  const auto rows = decoded(sources::make_rows(loaded.documents, {}, seen));
  CHECK(endpoint(rows, "10.0.0.1").traits.locality.to_string() == "us-east/us-east-1a");
}

TEST_CASE("a service that is an external name has the addresses that its name leads to") {
  auto loaded = resources::load({{"test.yaml", R"(
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {type: ExternalName, externalName: DB.example.com., ports: [{name: sql, port: 5432}]}
)"}});
  CHECK(loaded.problems.empty());
  CHECK(decoded(sources::make_rows(loaded.documents, {})).size() == 1);  // nowhere yet
  sources::Seen seen;
  seen.names["db.example.com"].addresses = {*base::IpAddress::parse("192.0.2.7")};
  const auto rows = decoded(sources::make_rows(loaded.documents, {}, seen));
  CHECK(rows.size() == 2);
  const auto& made = endpoint(rows, "192.0.2.7");
  CHECK(made.traits.ports == std::vector<view::EndpointPort>{{"sql", 5432}});
  CHECK(made.traits.labels.at(sources::kNameLabel) == "db.example.com");
  CHECK(made.health == view::Health::healthy);
}

TEST_CASE("of an SRV name's priorities the first serves of which somebody answers") {
  const auto ip = [](std::string_view text) { return *base::IpAddress::parse(text); };
  auto loaded = resources::load(
      {{"test.yaml",
        "service: a\nport: 80\nendpoints: [_a._tcp.example, {address: 10.0.0.9, weight: 7}]\n"}});
  REQUIRE(loaded.problems.empty());
  sources::Seen seen;
  seen.names["_a._tcp.example"].to = {
      {ip("10.0.0.1"), 8001, 10, 3}, {ip("10.0.0.2"), 8002, 10, 1}, {ip("10.0.0.3"), 8003, 20, 1}};
  const auto shown = [&] {
    std::string all;
    for (const auto& row : decoded(sources::make_rows(loaded.documents, {}, seen)))
      if (const auto* one = std::get_if<EndpointRow>(&row))
        all += one->id + "=" + std::to_string(one->weight) +
               (one->health == view::Health::healthy ? " " : "! ");
    return all;
  };
  CHECK(shown() == "10.0.0.1:8001=3 10.0.0.2:8002=1 10.0.0.9=7 ");
  const auto row = decoded(sources::make_rows(loaded.documents, {}, seen));
  CHECK(endpoint(row, "10.0.0.1:8001").traits.ports == std::vector<view::EndpointPort>{{"", 8001}});
  CHECK(endpoint(row, "10.0.0.1:8001").traits.labels.at(sources::kNameLabel) == "_a._tcp.example");
  seen.failing[{"default", "a", "10.0.0.1:8001"}] = "refuses connections";
  CHECK(shown() == "10.0.0.1:8001=3! 10.0.0.2:8002=1 10.0.0.9=7 ");
  seen.failing[{"default", "a", "10.0.0.2:8002"}] = "refuses connections";
  CHECK(shown() == "10.0.0.3:8003=1 10.0.0.9=7 ");
  seen.failing[{"default", "a", "10.0.0.3:8003"}] = "refuses connections";
  CHECK(shown() == "10.0.0.1:8001=3! 10.0.0.2:8002=1! 10.0.0.9=7 ");
  const auto checked = sources::check_targets(loaded.documents.static_services, seen.names, {});
  CHECK(checked.contains({"default", "a", "10.0.0.3:8003"}));  // who stands by, too
  CHECK(checked.size() == 4);
}

namespace {

constexpr const char* kPods = R"(
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {selector: {app: reviews}, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: reviews-a, namespace: shop, labels: {kubernetes.io/service-name: reviews}}
addressType: IPv4
ports: [{port: 9080}]
endpoints:
- {addresses: [10.0.0.1], targetRef: {kind: Pod, name: reviews-1, namespace: shop, uid: u1}}
- {addresses: [10.0.0.2], targetRef: {kind: Pod, name: reviews-2, namespace: shop, uid: u2}}
- {addresses: [10.0.0.3], targetRef: {kind: Pod, name: reviews-3}}
- {addresses: [10.0.0.4], targetRef: {kind: ExternalWorkload, name: reviews-1, uid: u1}}
- {addresses: [10.0.0.5]}
)";

base::Labels with(std::string version) {
  base::Labels labels{{"app", "reviews"}};
  if (!version.empty()) labels["version"] = version;
  return labels;
}

}  // namespace

TEST_CASE("an endpoint has the labels of its Pod beside those that its Service selects by") {
  auto loaded = resources::load({{"test.yaml", kPods}});
  CHECK(loaded.problems.empty());
  sources::PodLabels pods;
  const auto has = [&](const char* name, const char* uid, base::Labels labels) {
    const auto ref = resources::PodRef::of("shop", name, uid);
    pods.pods[ref.name] = {ref, std::move(labels)};
  };
  has("reviews-1", "u1", {{"version", "v1"}});
  has("reviews-2", "another", {{"version", "v2"}});  // made anew under its name
  has("reviews-3", "u3", {{"version", "v3"}});       // by its name alone
  sources::Seen seen;
  seen.pods = std::make_shared<const sources::PodLabels>(pods);
  const auto rows = decoded(sources::make_rows(loaded.documents, {}, seen));
  const auto labels = [&](const char* id) { return endpoint(rows, id).traits.labels; };
  CHECK(labels("10.0.0.1") == with("v1"));
  CHECK(labels("10.0.0.2") == with(""));
  CHECK(labels("10.0.0.3") == with("v3"));
  CHECK(labels("10.0.0.4") == with(""));
  CHECK(labels("10.0.0.5") == with(""));
  const auto without = decoded(sources::make_rows(loaded.documents, {}));
  CHECK(endpoint(without, "10.0.0.1").traits.labels == with(""));
}

TEST_CASE("of a Pod's two addresses one says that it is the second") {
  auto loaded = resources::load({{"test.yaml", std::string(kPods) + R"(
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: reviews-b, namespace: shop, labels: {kubernetes.io/service-name: reviews}}
addressType: IPv6
ports: [{port: 9080}]
endpoints:
- {addresses: ["fd00::1"], targetRef: {kind: Pod, name: reviews-1, namespace: shop, uid: u1}}
- {addresses: ["fd00::2"], targetRef: {kind: Pod, name: reviews-2, namespace: shop, uid: old}}
- {addresses: ["fd00::5"]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: reviews-c, namespace: shop, labels: {kubernetes.io/service-name: reviews}}
addressType: IPv6
ports: [{port: 9081}]
endpoints:
- {addresses: ["fd00::3"], targetRef: {kind: Pod, name: reviews-3}}
)"}});
  CHECK(loaded.problems.empty());
  const auto rows = decoded(sources::make_rows(loaded.documents, {}));
  std::string seconds;
  for (const auto& row : rows)
    if (const auto* one = std::get_if<EndpointRow>(&row); one && one->traits.second_address)
      seconds += one->id + " ";
  CHECK(seconds == "fd00::1 ");  // another Pod, no Pod, another port: each is one by itself
}
