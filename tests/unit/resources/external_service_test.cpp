#include "resources/external_aliases.hpp"
#include "resources/kept_documents.hpp"
#include "tests/unit/resources/reading.hpp"

#include <catch2/catch.hpp>

namespace {

using resources::DestinationKind;
using Lines = std::vector<std::string>;

std::string service(const std::string& spec) {
  return "apiVersion: networking.gloo.solo.io/v2\nkind: ExternalService\n"
         "metadata: {name: auth, namespace: shop, labels: {expose: yes}}\nspec:\n" +
         spec;
}
std::string endpoint(const std::string& name, const std::string& spec) {
  return "---\napiVersion: networking.gloo.solo.io/v2\nkind: ExternalEndpoint\n"
         "metadata: {name: " +
         name + ", namespace: elsewhere, labels: {host: auth}}\nspec: " + spec + "\n";
}

// "port 443 at 192.0.2.1" for each endpoint, by the name of the service's port.
Lines targets(const resources::Loaded& loaded, const std::string& port) {
  Lines all;
  REQUIRE(loaded.documents.static_services.size() == 1);
  for (const auto& one : loaded.documents.static_services[0].endpoints)
    for (const auto& at : one.ports)
      if (at.name == port)
        all.push_back(std::to_string(at.number) + " at " +
                      (one.name.empty() ? one.ip.to_string() : one.name));
  return all;
}

}  // namespace

TEST_CASE(
    "an external service is a virtual destination of its hosts and a service of its endpoints",
    "[resources]") {
  const auto loaded = load_text(
      service("  hosts: [Auth.example., '*.auth.example']\n"
              "  selector: {host: auth}\n"
              "  ports: [{number: 80, name: http, protocol: HTTP}, {number: 81}]\n") +
      endpoint("a",
               "{address: 192.0.2.1, ports: [{name: http, number: 8080}, "
               "{name: other, number: 81}], locality: {region: us, zone: z, subZone: s}}") +
      endpoint("b", "{address: B.example}"));
  CHECK(lines(loaded.problems).empty());
  REQUIRE(loaded.documents.virtual_destinations.size() == 1);
  const auto& alias = loaded.documents.virtual_destinations[0];
  CHECK(alias.metadata.name == resources::external_alias("auth"));
  CHECK(alias.metadata.namespace_ == "shop");
  CHECK(alias.metadata.labels == base::Labels{{"expose", "yes"}});
  CHECK(alias.hosts == Lines{"auth.example", "*.auth.example"});
  REQUIRE(alias.ports.size() == 2);
  CHECK(alias.ports[0].number == 80);
  CHECK(alias.ports[0].protocol == "HTTP");
  CHECK(alias.ports[0].target_port.name == "http");
  CHECK(alias.ports[1].target_port.name == "port-81");
  REQUIRE(loaded.documents.static_services.size() == 1);
  const auto& backend = loaded.documents.static_services[0];
  REQUIRE(alias.services.size() == 1);
  CHECK(alias.services[0].name == backend.metadata.name);
  CHECK(alias.services[0].namespace_ == "shop");
  CHECK(backend.metadata.name == "auth--external");
  CHECK(backend.metadata.labels.empty());
  REQUIRE(backend.external);
  CHECK(backend.external->name == "auth");
  CHECK(backend.external->labels == base::Labels{{"expose", "yes"}});
  CHECK(targets(loaded, "http") == Lines{"8080 at 192.0.2.1", "80 at b.example"});
  CHECK(targets(loaded, "port-81") == Lines{"81 at 192.0.2.1", "81 at b.example"});
  CHECK(backend.endpoints[0].locality == base::Locality{"us", "z", "s"});
  CHECK(backend.endpoints[0].labels == base::Labels{{"host", "auth"}});
}

TEST_CASE("a port of an external service leads where targetPort, its name or its number says",
          "[resources]") {
  const auto led = [](const std::string& port, const std::string& ports) {
    const auto loaded = load_text(
        service("  hosts: [a.example]\n  selector: {host: auth}\n  ports: [" + port + "]\n") +
        endpoint("a",
                 "{address: 192.0.2.1" + (ports.empty() ? "" : ", ports: [" + ports + "]") + "}"));
    return targets(loaded, "http");
  };
  CHECK(led("{number: 80, name: http}", "") == Lines{"80 at 192.0.2.1"});
  CHECK(led("{number: 80, name: http, targetPort: {number: 81}}", "{name: x, number: 9}") ==
        Lines{"81 at 192.0.2.1"});
  CHECK(led("{number: 80, name: http, targetPort: {name: x}}",
            "{name: http, number: 8}, {name: x, number: 9}") == Lines{"9 at 192.0.2.1"});
  CHECK(led("{number: 80, name: http}", "{name: http, number: 8}, {name: x, number: 80}") ==
        Lines{"8 at 192.0.2.1"});
  CHECK(led("{number: 80, name: http}", "{name: x, number: 80}") == Lines{"80 at 192.0.2.1"});
  CHECK(led("{number: 80, name: http}", "{number: 9}") == Lines{"9 at 192.0.2.1"});
  CHECK(led("{number: 80, name: http, targetPort: {name: z}}", "{name: x, number: 9}").empty());
  CHECK(led("{number: 80, name: http}", "{name: x, number: 9}").empty());
}

TEST_CASE("without endpoints an external service leads to its addresses, or where its hosts lead",
          "[resources]") {
  const auto by_host = load_text(
      service("  hosts: [a.example, '*.a.example', b.example]\n  ports: [{number: 80}]\n") +
      endpoint("a", "{address: 192.0.2.1}"));  // an empty selector selects none
  CHECK(lines(by_host.problems).empty());
  CHECK(targets(by_host, "port-80") == Lines{"80 at a.example", "80 at b.example"});
  const auto by_address = load_text(
      service("  addresses: [192.0.2.7, '2001:db8::7', 10.0.0.0/8]\n  ports: [{number: 80}]\n"));
  CHECK(targets(by_address, "port-80") == Lines{"80 at 192.0.2.7", "80 at 2001:db8::7"});
  CHECK(
      lines(by_address.problems) ==
      Lines{"a.yaml:5:41: warning: ExternalService shop/auth: spec.addresses[2]: a network is not "
            "supported: no name leads to it; write the addresses"});
}

TEST_CASE("a port to which Gloo would speak TLS is TLS here, with a word", "[resources]") {
  const auto loaded = load_text(
      service("  hosts: [a.example]\n  ports:\n"
              "  - {number: 80, targetPort: {number: 443}, clientsideTls: {sni: a.example}}\n"
              "  - {number: 81, clientsideTls: {mode: DISABLE}}\n"));
  const auto& ports = loaded.documents.virtual_destinations.at(0).ports;
  CHECK(ports[0].protocol == "TLS");
  CHECK(ports[1].protocol == "HTTP");
  const auto& behind = loaded.documents.static_services.at(0).ports;
  CHECK(behind[0].app_protocol == "TLS");
  CHECK(behind[1].app_protocol.empty());
  REQUIRE(loaded.problems.size() == 1);
  CHECK(lines(loaded.problems)[0].find("spec.ports[0].clientsideTls: is not supported yet") !=
        std::string::npos);
}

TEST_CASE("mistakes in external services and endpoints are told where they are", "[resources]") {
  const auto told = [](const std::string& text) {
    Lines all;
    for (const auto& problem : load_text(text).problems)
      all.push_back(problem.field + ": " + problem.message);
    return all;
  };
  CHECK(told(service("  ports: [{number: 80}]\n")) == Lines{"spec: neither hosts nor addresses"});
  CHECK(told(service("  hosts: [a.example]\n")) == Lines{"spec.ports: missing"});
  CHECK(told(service("  hosts: [a.example]\n  addresses: [10.0.0.1]\n  ports: [{number: 80}]\n"))
            .size() == 1);
  CHECK(told(service("  hosts: [a.example]\n  ports: [{number: 80}, {number: 80}]\n")) ==
        Lines{"spec.ports[1]: port 80 is given twice"});
  CHECK(told(service("  addresses: [a.example]\n  ports: [{number: 80}]\n")) ==
        Lines{"spec.addresses[0]: \"a.example\" is no IP address"});
  CHECK(told(service("  hosts: ['*.a.example']\n  ports: [{number: 80}]\n")) ==
        Lines{"spec.ports[0]: it leads nowhere: there is no ExternalEndpoint that it selects, no "
              "address and no host that can be looked up"});
  CHECK(told(endpoint("a", "{ports: [{number: 80}]}")) == Lines{"spec.address: missing"});
  CHECK(told(endpoint("a", "{address: 'unix:///run/a'}")) ==
        Lines{"spec.address: a unix socket is not supported"});
  CHECK(told(endpoint("a", "{address: 0.0.0.0}")).size() == 1);
  CHECK(told(endpoint("a", "{address: a.example, ports: [{number: 1}, {number: 2, name: b}]}")) ==
        Lines{"spec.ports[0]: a port without a name, beside others"});
}

TEST_CASE("an external service claims its hosts as a virtual destination does", "[resources]") {
  const auto loaded =
      load_text(service("  hosts: [a.example]\n  ports: [{number: 80}]\n") +
                "---\napiVersion: networking.gloo.solo.io/v2\nkind: VirtualDestination\n"
                "metadata: {name: zz, namespace: shop}\n"
                "spec: {hosts: [a.example], services: [{name: x}], ports: [{number: 80}]}\n");
  CHECK(lines(loaded.problems) ==
        Lines{"a.yaml:5:11: warning: ExternalService shop/auth: spec.hosts[0]: CONFLICT: host "
              "\"a.example\" is also given by shop/zz (a.yaml:11); this one wins; give each its "
              "own hosts",
              "a.yaml:11:16: error: VirtualDestination shop/zz: spec.hosts[0]: CONFLICT: host "
              "\"a.example\" is also given by shop/auth (a.yaml:5), which wins: it is first by "
              "name; give each its own hosts"});
  const auto twice = load_text(service("  hosts: [a.example]\n  ports: [{number: 80}]\n") +
                               "---\n" + service("  hosts: [b.example]\n  ports: [{number: 1}]\n"));
  REQUIRE(twice.problems.size() == 1);
  CHECK(twice.problems[0].message.find("defined twice") == 0);
  CHECK(twice.documents.virtual_destinations.size() == 1);
}

TEST_CASE("an external service whose endpoints did not change is served by the same objects",
          "[resources]") {
  resources::KeptDocuments kept;
  const auto text = service(
      "  hosts: [a.example]\n  selector: {host: auth}\n"
      "  ports: [{number: 80}]\n");
  std::vector<resources::File> files{{"a.yaml", text},
                                     {"b.yaml", endpoint("a", "{address: 192.0.2.1}")},
                                     {"c.yaml", "service: x\nport: 1\nendpoints: []\n"}};
  const auto first = kept.load(files).documents;
  files[2].text += "# changed\n";
  const auto second = kept.load(files).documents;
  CHECK(&first.virtual_destinations[0] == &second.virtual_destinations[0]);
  files[1].text = endpoint("a", "{address: 192.0.2.2}");
  const auto third = kept.load(files).documents;
  CHECK(third.static_services.size() == 2);
  CHECK(third.virtual_destinations.size() == 1);
  CHECK(&second.virtual_destinations[0] != &third.virtual_destinations[0]);
}

TEST_CASE("what serves an external service is told from other destinations", "[resources]") {
  const auto alias = resources::external_alias("auth");
  CHECK(resources::title_of(alias).kind == "ExternalService");
  CHECK(resources::title_of(alias).name == "auth");
  CHECK(resources::kind_of(alias) == DestinationKind::external_service);
  CHECK(resources::title_of("auth").kind == "VirtualDestination");
  CHECK(resources::kind_of("auth") == DestinationKind::virtual_destination);
}
