#include "agent/dns_snippet.hpp"

#include <catch2/catch.hpp>

using namespace agent;

namespace {

constexpr const char* kBank = R"(apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: pay}
spec:
  hosts: [pay.bank.example, pay.mesh.internal]
  services: [{labels: {app: pay}}]
  ports: [{number: 9080, protocol: HTTP}]
)";

Stub stub(const std::string& fields, const std::string& documents = "") {
  const auto config = parse_config("agent.yaml", "cluster: east\n" + fields);
  for (const auto& problem : config.problems) INFO(problem.to_string());
  REQUIRE_FALSE(resources::has_errors(config.problems));
  return stub_of(config.config, resources::load({{"a.yaml", documents}}).documents);
}

std::string text(std::string_view kind, const Stub& stub) {
  const auto text = snippet(kind, stub);
  REQUIRE(text.ok());
  return *text;
}

// Without comments: what the server reads.
std::string lines(std::string_view kind, const Stub& stub) {
  std::string out;
  for (std::string rest = text(kind, stub); !rest.empty();) {
    const auto end = rest.find('\n');
    if (rest.find_first_not_of(' ') != rest.find('#')) out += rest.substr(0, end + 1);
    rest.erase(0, end + 1);
  }
  return out;
}

bool holds(const std::string& text, const std::string& words) {
  return text.find(words) != text.npos;
}

}  // namespace

TEST_CASE("a snippet of each kind says which names go to which address") {
  auto one = stub("dns: {listen: 10.0.0.53:7753}\n");
  const std::string block =
      "    errors\n"
      "    cache 5 {\n        success 1000 5 0\n        denial 500 1 0\n    }\n"
      "    forward . 10.0.0.53:7753 {\n        max_fails 0\n        prefer_udp\n    }\n}\n";
  CHECK(lines("coredns", one) == "mesh.internal:53 {\n" + block);
  CHECK(lines("dnsmasq", one) ==
        "server=/mesh.internal/10.0.0.53#7753\nrebind-domain-ok=/mesh.internal/\n");
  CHECK(lines("unbound", one) ==
        "server:\n    domain-insecure: \"mesh.internal\"\n    private-domain: \"mesh.internal\"\n"
        "forward-zone:\n    name: \"mesh.internal\"\n    forward-addr: 10.0.0.53@7753\n");
  CHECK(lines("systemd-resolved", one) ==
        "[Resolve]\nDNS=10.0.0.53:7753\nDomains=~mesh.internal\n");
  const auto custom = lines("coredns-custom", one);
  CHECK(holds(custom, "  name: coredns-custom\n  namespace: kube-system\n"));
  CHECK(holds(custom, "  nearmost.server: |\n    mesh.internal:53 {\n        errors\n"));
  CHECK(custom.ends_with("            prefer_udp\n        }\n    }\n"));
  one.bind = {*base::IpAddress::parse("169.254.20.10"), *base::IpAddress::parse("10.96.0.10")};
  CHECK(holds(lines("nodelocaldns", one),
              "mesh.internal:53 {\n    errors\n    bind 169.254.20.10 10.96.0.10\n"));
}

TEST_CASE("a snippet leaves the usual port out and writes IPv6 as its server reads it") {
  const auto two = stub("dns: {listen: [\"[fd00::53]:7753\", 10.0.0.53:53]}\n");
  CHECK(holds(lines("coredns", two), "    forward . [fd00::53]:7753 10.0.0.53 {\n        prefer"));
  CHECK(holds(lines("dnsmasq", two),
              "server=/mesh.internal/fd00::53#7753\nserver=/mesh.internal/10.0.0.53\n"));
  CHECK(holds(lines("unbound", two),
              "    forward-addr: fd00::53@7753\n    forward-addr: 10.0.0.53\n"));
  CHECK(holds(lines("systemd-resolved", two), "DNS=[fd00::53]:7753 10.0.0.53\n"));
}

TEST_CASE("a snippet names every zone and the hosts outside them, once") {
  const auto many = stub(
      "dns: {zones: [mesh.internal, 10.in-addr.arpa]}\n"
      "import: {hosts: [pay.bank.example, b.example, '*.shop.example', x.mesh.internal]}\n",
      kBank);
  CHECK(many.names == std::vector<std::string>{"mesh.internal", "10.in-addr.arpa", "b.example",
                                               "pay.bank.example"});
  CHECK(holds(lines("coredns", many),
              "mesh.internal:53 10.in-addr.arpa:53 b.example:53 pay.bank.example:53 {\n"));
  CHECK(holds(lines("systemd-resolved", many),
              "Domains=~mesh.internal ~10.in-addr.arpa ~b.example ~pay.bank.example\n"));
  const auto unbound = lines("unbound", many);
  CHECK(holds(unbound, "    local-zone: \"10.in-addr.arpa.\" transparent\n"));
  CHECK_FALSE(holds(unbound, "local-zone: \"mesh.internal"));
  CHECK(holds(text("coredns", many), "# import.hosts has *.shop.example"));
}

TEST_CASE("no cache in front keeps an answer longer than the agent says") {
  CHECK(holds(lines("coredns", stub("dns: {ttl: 2s}\n")), "cache 2 {\n        success 1000 2 0\n"));
  CHECK_FALSE(holds(lines("coredns", stub("dns: {ttl: 500ms}\n")), "cache"));
}

TEST_CASE("a snippet says where an agent on loopback is not reached") {
  auto loopback = stub("");
  CHECK(holds(text("coredns", loopback), "# A pod has a loopback of its own: say with --to"));
  CHECK(holds(lines("unbound", loopback), "    do-not-query-localhost: no\n"));
  CHECK_FALSE(holds(text("dnsmasq", loopback), "loopback"));
  loopback.bind = {*base::IpAddress::parse("169.254.20.10")};
  CHECK(holds(text("nodelocaldns", loopback), "# It is on its node's network"));
}

TEST_CASE("a kind that is none is answered with those that are, a missing --bind with what it is") {
  const auto unknown = snippet("powerdns", stub(""));
  REQUIRE_FALSE(unknown.ok());
  for (const auto kind : snippet_kinds()) CHECK(holds(unknown.error().message, std::string(kind)));
  const auto without = snippet("nodelocaldns", stub(""));
  REQUIRE_FALSE(without.ok());
  CHECK(holds(without.error().message, "--bind"));
  auto bound = stub("");
  bound.bind = {*base::IpAddress::parse("169.254.20.10")};
  CHECK_FALSE(snippet("dnsmasq", bound).ok());
}
