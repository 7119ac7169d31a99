#include "tests/unit/resources/reading.hpp"

#include "resources/service.hpp"

#include <catch2/catch.hpp>

using Lines = std::vector<std::string>;

TEST_CASE("the short form says all of a service", "[resources]") {
  const auto loaded = load_text(R"(
service: ratings
namespace: shop
labels: {app: ratings}
ports: {http: 9080}
locality: {region: us-east, zone: us-east-1a}
network: vpc-1
endpoints:
- 10.0.0.5
- 10.0.0.6:9081
- {address: "fd00::7", zone: us-east-1b, weight: 2, labels: {version: v2}, hostname: ratings-2, ready: false}
)");
  CHECK(lines(loaded.problems).empty());
  REQUIRE(loaded.documents.static_services.size() == 1);
  const auto& service = loaded.documents.static_services[0];
  CHECK(service.metadata.name == "ratings");
  CHECK(service.metadata.namespace_ == "shop");
  CHECK(service.metadata.place == resources::Place{"a.yaml", 2, 1});
  REQUIRE(service.ports.size() == 1);
  CHECK(service.ports[0].name == "http");
  CHECK(service.ports[0].number == 9080);
  REQUIRE(service.endpoints.size() == 3);
  CHECK(service.endpoints[0].ip.to_string() == "10.0.0.5");
  CHECK(service.endpoints[0].port == 0);
  CHECK(service.endpoints[0].locality == base::Locality{"us-east", "us-east-1a", ""});
  CHECK(service.endpoints[0].network == "vpc-1");
  CHECK(service.endpoints[0].ready);
  CHECK(service.endpoints[1].port == 9081);
  CHECK(service.endpoints[1].place == resources::Place{"a.yaml", 10, 3});
  CHECK(service.endpoints[2].locality == base::Locality{"us-east", "us-east-1b", ""});
  CHECK(service.endpoints[2].weight == 2);
  CHECK(service.endpoints[2].labels == base::Labels{{"version", "v2"}});
  CHECK(service.endpoints[2].hostname == "ratings-2");
  CHECK_FALSE(service.endpoints[2].ready);
}

TEST_CASE("mistakes in the short form are named", "[resources]") {
  const auto first = [](std::string text) {
    const auto loaded = load_text(std::move(text));
    CHECK(loaded.documents.static_services.empty());
    return loaded.problems.empty() ? "" : loaded.problems[0].to_string();
  };
  CHECK(first("service: ratings\nendpoints: [10.0.0.1]\n") ==
        "a.yaml:1:1: error: service default/ratings: port: missing; this field is required");
  CHECK(first("service: ratings\nport: 80\nendpoints: [10.0.0.999]\n")
            .find("a.yaml:3:13: error: service default/ratings: endpoints[0]: \"10.0.0.999\" "
                  "is neither an IP address nor a whole name") == 0);
  CHECK(first("port: 80\nservice: Ratings_1\nendpoints: []\n")
            .find("a.yaml:2:10: error: service default/Ratings_1: service: \"Ratings_1\" cannot be "
                  "part of a DNS name") == 0);
  CHECK(first("service: ''\nport: 80\nendpoints: []\n").find("service: missing") !=
        std::string::npos);
  CHECK(first("service: ratings\nports: {a: 1, b: 2}\nendpoints: [10.0.0.1:80]\n")
            .find("but the service has 2 ports") != std::string::npos);
  CHECK(first("service: ratings\nport: 80\nendpoints: [10.0.0.1, 10.0.0.1]\n")
            .find("the same endpoint twice") != std::string::npos);
  CHECK(first("service: ratings\nport: 80\nports: {a: 1}\nendpoints: []\n")
            .find("cannot stand beside \"port\"") != std::string::npos);
}

TEST_CASE("a check is by connection, HTTP or gRPC, at the pace that it says", "[resources]") {
  using Kind = resources::HealthCheck::Kind;
  const auto loaded = load_text(R"(
service: a
port: 80
check: {http: "/healthz?deep=1", host: shop.example, every: 5s, patience: 500ms, fall: 3, rise: 1}
endpoints: [10.0.0.5]
---
service: b
ports: {grpc: 80, admin: 81}
check: {grpc: shop.Web, port: admin}
endpoints: [10.0.0.6]
)");
  CHECK(lines(loaded.problems).empty());
  REQUIRE(loaded.documents.static_services.size() == 2);
  const auto& http = loaded.documents.static_services[0];
  CHECK(http.checked == true);
  CHECK(http.check == resources::HealthCheck{Kind::http,
                                             "/healthz?deep=1",
                                             "shop.example",
                                             "",
                                             {},
                                             std::chrono::seconds(5),
                                             std::chrono::milliseconds(500),
                                             3,
                                             1});
  const auto& grpc = loaded.documents.static_services[1].check;
  CHECK(grpc.kind == Kind::grpc);
  CHECK(grpc.service == "shop.Web");
  CHECK(grpc.port.name == "admin");

  const auto first = [](const std::string& check) {
    const auto text = "service: a\nport: 80\nendpoints: [10.0.0.5]\ncheck: " + check;
    const auto problems = load_text(text).problems;
    return problems.empty() ? "" : problems[0].to_string();
  };
  CHECK(first("{http: healthz}") ==
        "a.yaml:4:15: error: service default/a: check.http: \"healthz\" is no path; write it from "
        "its \"/\" on: /healthz");
  CHECK(first("{http: /, grpc: x}").find("check") != std::string::npos);
  CHECK(first("{grpc: x, host: y.example}").find("a host, but no http") != std::string::npos);
  CHECK(first("{port: admin}").find("check.port") != std::string::npos);
  CHECK(first("{every: 1ms}").find("check.every") != std::string::npos);
  CHECK(first("{fall: 0}").find("check.fall") != std::string::npos);
  CHECK(first("{htpp: /}").find("did you mean") != std::string::npos);
}

TEST_CASE("an endpoint is an address that somebody can have, once", "[resources]") {
  const auto told = [](const std::string& endpoints) {
    Lines all;
    for (const auto& problem :
         load_text("service: a\nport: 80\nendpoints: [" + endpoints + "]\n").problems)
      all.push_back(problem.field + ": " + problem.message);
    return all;
  };
  for (const auto* nobody : {"0.0.0.0", "'::'", "224.0.0.1", "'ff02::1'", "255.255.255.255"}) {
    INFO(nobody);
    const auto all = told(nobody);
    REQUIRE(all.size() == 1);
    CHECK(all[0].find("is nobody's address") != std::string::npos);
  }
  CHECK(told("10.0.0.1:0") == Lines{"endpoints[0]: port 0 is nobody's"});
  CHECK(told("{address: 10.0.0.1:81, port: 82}") ==
        Lines{"endpoints[0].port: a second port: the address has one"});
  CHECK(told("10.0.0.1, 10.0.0.1:80") == Lines{"endpoints[1]: the same endpoint twice"});
  CHECK(told("10.0.0.1, 10.0.0.1:81").empty());
  CHECK(told("nowhere, nowhere-else").size() == 2);  // neither is the other
}

TEST_CASE("an endpoint may be a whole name, with or without a port", "[resources]") {
  const auto loaded = load_text(
      "service: a\nport: 80\n"
      "endpoints: [DB.example.com., 'db.example.com:81', {address: c.example, weight: 2}]\n");
  CHECK(lines(loaded.problems).empty());
  const auto& endpoints = loaded.documents.static_services.at(0).endpoints;
  REQUIRE(endpoints.size() == 3);
  CHECK(endpoints[0].name == "db.example.com");
  CHECK(endpoints[0].port == 0);
  CHECK(endpoints[1].name == "db.example.com");
  CHECK(endpoints[1].port == 81);
  CHECK(endpoints[2].name == "c.example");
  for (const auto* no_name : {"database", "10.0.0.256", "'*.example.com'", "'a_b.example'",
                              "'db.example.com:0'", "'db.example.com:x'", "'-.example'"}) {
    INFO(no_name);
    const auto problems =
        load_text(std::string("service: a\nport: 80\nendpoints: [") + no_name + "]\n").problems;
    CHECK(problems.size() == 1);
  }
  CHECK(load_text("service: a\nport: 80\nendpoints: [a.example, 'a.example:80']\n")
            .problems.at(0)
            .message == "the same endpoint twice");
}

TEST_CASE("a mistake in a Service is told at its own line", "[resources]") {
  const auto loaded = load_text(R"(apiVersion: v1
kind: Service
metadata:
  namespace: shop
  name: Rating.s
spec:
  ports:
  - {name: a, port: 80}
  - {name: b, port: 81}
  - {name: a, port: 82}
)");
  CHECK(
      lines(loaded.problems) ==
      Lines{"a.yaml:5:9: error: Service shop/Rating.s: metadata.name: \"Rating.s\" cannot be part "
            "of a DNS name; use 1 to 63 lower-case letters, digits and inner hyphens",
            "a.yaml:10:5: error: Service shop/Rating.s: spec.ports[2]: port name \"a\" is given "
            "twice; give each port a name of its own"});
}

TEST_CASE("a service without endpoints is worth a word, unless it says so", "[resources]") {
  CHECK(load_text("service: ratings\nport: 80\n").problems.size() == 1);
  CHECK(load_text("service: ratings\nport: 80\nendpoints: []\n").problems.empty());
}

TEST_CASE("a Kubernetes Service is read", "[resources]") {
  const auto loaded = load_text(R"({
    "apiVersion": "v1", "kind": "Service",
    "metadata": {"name": "ratings", "namespace": "shop", "creationTimestamp": null, "uid": "x"},
    "spec": {"selector": {"app": "ratings"}, "clusterIP": "None", "clusterIPs": ["None"], "type": "ClusterIP",
             "publishNotReadyAddresses": true, "ports": [
      {"name": "http", "port": 9080, "targetPort": 8080, "protocol": "TCP", "appProtocol": "http"},
      {"name": "grpc", "port": 9081, "targetPort": "grpc-port"},
      {"name": "dns", "port": 53, "protocol": "UDP"}]},
    "status": {"loadBalancer": {}}})",
                                "s.json");
  REQUIRE(loaded.documents.services.size() == 1);
  const auto& service = loaded.documents.services[0];
  CHECK(service.headless);
  CHECK(service.publish_not_ready);
  CHECK(service.selector == base::Labels{{"app", "ratings"}});
  REQUIRE(service.ports.size() == 2);
  CHECK(service.ports[0].target_port.number == 8080);
  CHECK(service.ports[0].app_protocol == "http");
  CHECK(service.ports[1].target_port.name == "grpc-port");
  CHECK(lines(loaded.problems) == Lines{"s.json:8:7: warning: Service shop/ratings: spec.ports[2]: "
                                        "a port with protocol UDP is not supported yet: left out"});
}

TEST_CASE("an EndpointSlice is read, with Kubernetes' defaults for what it leaves out",
          "[resources]") {
  const auto loaded = load_text(R"(
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ratings-abc
  namespace: shop
  labels: {kubernetes.io/service-name: ratings}
addressType: IPv4
ports:
- {name: http, port: 8080, protocol: TCP}
- {name: any}
endpoints:
- addresses: [10.1.0.1, 10.1.0.2]
  conditions: {ready: true, serving: true, terminating: false}
  hostname: ratings-0
  nodeName: node-a
  zone: us-east-1a
  targetRef: {kind: Pod, name: ratings-0}
- addresses: [10.1.0.3]
- addresses: [10.1.0.4]
  conditions: {ready: false}
- addresses: [10.1.0.5]
  conditions: {ready: false, serving: true, terminating: true}
)");
  CHECK(lines(loaded.problems).empty());
  REQUIRE(loaded.documents.endpoint_slices.size() == 1);
  const auto& slice = loaded.documents.endpoint_slices[0];
  CHECK(slice.service == "ratings");
  REQUIRE(slice.ports.size() == 1);
  CHECK(slice.ports[0].number == 8080);
  REQUIRE(slice.endpoints.size() == 4);
  CHECK(slice.endpoints[0].address->to_string() == "10.1.0.1");  // of two
  CHECK(slice.endpoints[0].zone == "us-east-1a");
  CHECK(slice.endpoints[1].ready);
  CHECK(slice.endpoints[1].serving);
  CHECK_FALSE(slice.endpoints[2].ready);
  CHECK_FALSE(slice.endpoints[2].serving);
  CHECK(slice.endpoints[3].serving);
  CHECK(slice.endpoints[3].terminating);
}

TEST_CASE("a v1beta1 EndpointSlice tells its zone by topology", "[resources]") {
  const auto loaded = load_text(R"(
apiVersion: discovery.k8s.io/v1beta1
kind: EndpointSlice
metadata: {name: a, labels: {kubernetes.io/service-name: ratings}}
addressType: IPv4
endpoints:
- addresses: [10.1.0.1]
  topology: {topology.kubernetes.io/zone: us-east-1a}
)");
  REQUIRE(loaded.documents.endpoint_slices.size() == 1);
  CHECK(loaded.documents.endpoint_slices[0].endpoints.at(0).zone == "us-east-1a");
}

TEST_CASE("a network is read as agent.yaml reads it", "[resources]") {
  const auto loaded = load_text(
      "service: a\nport: 1\nnetwork: VPC-1\n"
      "endpoints: [10.0.0.1, {address: 10.0.0.2, network: Vpc_2.}]\n");
  CHECK(lines(loaded.problems).empty());
  REQUIRE(loaded.documents.static_services.size() == 1);
  const auto& endpoints = loaded.documents.static_services[0].endpoints;
  CHECK(endpoints.at(0).network == "vpc-1");
  CHECK(endpoints.at(1).network == "vpc_2");
  CHECK(lines(load_text("service: a\nport: 1\nnetwork: a b\nendpoints: []\n").problems) ==
        Lines{"a.yaml:3:10: error: service default/a: network: \"a b\" is no name of a network; "
              "use letters, digits, dots, inner - and _"});
}

TEST_CASE("a service without a port is an error, however it is written", "[resources]") {
  const auto loaded = load_text("service: a\nports: {}\nendpoints: []\n");
  CHECK(lines(loaded.problems) ==
        Lines{"a.yaml:2:8: error: service default/a: ports: no ports; at least one is required"});
  CHECK(loaded.documents.static_services.empty());
  CHECK(resources::has_errors(load_text("service: a\nendpoints: []\n").problems));
}

TEST_CASE("an external name is one of a host", "[resources]") {
  const auto named = [](const std::string& name) {
    return load_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: db}\n"
        "spec: {type: ExternalName" +
        name + "}\n");
  };
  CHECK(named(", externalName: Db.Example.").documents.services[0].external_name == "db.example");
  CHECK(
      lines(named(", externalName: 192.0.2.1").problems) ==
      Lines{"a.yaml:4:42: warning: Service default/db: spec.externalName: \"192.0.2.1\" is no name "
            "of a host: it has no endpoints"});
  CHECK(named(", externalName: 192.0.2.1").documents.services[0].external_name == "");
  CHECK(lines(named("").problems) ==
        Lines{"a.yaml:4:7: warning: Service default/db: spec: type ExternalName without "
              "externalName: it has no endpoints"});
}

TEST_CASE("an endpoint may be an SRV name, whose records say port and weight", "[resources]") {
  const auto loaded = load_text(
      "service: a\nport: 80\nendpoints: [_HTTP._tcp.Example.internal., "
      "{address: _web._tcp.example, zone: z}]\n");
  REQUIRE(loaded.problems.empty());
  const auto& endpoints = loaded.documents.static_services.at(0).endpoints;
  CHECK(endpoints.at(0).name == "_http._tcp.example.internal");
  CHECK(endpoints.at(1).name == "_web._tcp.example");
  CHECK(endpoints.at(1).locality.zone == "z");

  const auto wrong = [](const std::string& endpoint, const std::string& ports = "port: 80") {
    const auto text = "service: a\n" + ports + "\nendpoints: [" + endpoint + "]\n";
    const auto found = load_text(text);
    CHECK(found.documents.static_services.empty());
    return found.problems.empty() ? "" : found.problems[0].to_string();
  };
  const std::string at = "a.yaml:3:13: error: service default/a: endpoints[0]: ";
  CHECK(wrong("\"_http._tcp.example:80\"") ==
        at + "\"_http._tcp.example:80\" is an SRV name with a port, which its records say; "
             "write the name alone, as in _http._tcp.example.internal");
  CHECK(wrong("_http._udp.example") == at + "\"_http._udp.example\" is no SRV name: endpoints are "
                                            "reached by TCP; write _SERVICE._tcp.NAME, as in "
                                            "_http._tcp.example.internal");
  CHECK(wrong("_http.example").find("its protocol is missing") != std::string::npos);
  CHECK(wrong("_._tcp.example").find("its service is no name") != std::string::npos);
  CHECK(wrong("_http._tcp").find("no SRV name: empty") != std::string::npos);
  CHECK(wrong("_http._tcp._sub.example").find("no SRV name: a label") != std::string::npos);
  CHECK(wrong("_http._tcp.example", "ports: {a: 1, b: 2}").find("records say one port") !=
        std::string::npos);
  CHECK(wrong("{address: _http._tcp.example, port: 80}")
            .find("port: an SRV name's port is in its records; leave it out") != std::string::npos);
  CHECK(wrong("{address: _http._tcp.example, weight: 5}")
            .find("weight: an SRV name's weights are in its records; leave it out") !=
        std::string::npos);
}
