// What a peer may make us do, and what becomes of the rest of what it says.
#include "discovery/assemble.hpp"

#include <catch2/catch.hpp>

using namespace discovery;

namespace {

base::IpAddress ip(const char* text) { return *base::IpAddress::parse(text); }
base::Cidr network(const char* text) { return *base::Cidr::parse(text); }

Rows rows(const std::vector<RowValue>& values) {
  std::vector<Row> changes;
  for (const auto& row : values) {
    auto [key, value] = encode(row);
    changes.push_back({key, 1, value, false});
  }
  return Rows().with(changes);
}

RowValue service(const std::string& space, const std::string& name) {
  return ServiceRow{space, name, {{"app", name}}, {{"http", 80, "", 0, ""}}, false};
}

RowValue endpoint(const std::string& space, const std::string& service, const char* address) {
  EndpointRow row{space, service, address, {}};
  row.ip = ip(address);
  row.traits.ports = {{"http", 80}};
  return row;
}

RowValue destination(const std::string& name, std::vector<std::string> hosts) {
  DestinationRow row;
  row.destination.metadata.name = name;
  row.destination.metadata.namespace_ = "shop";
  row.destination.hosts = std::move(hosts);
  row.destination.ports = {{80, "HTTP", {}}};
  return row;
}

AssemblyRules east() {
  AssemblyRules rules;
  rules.cluster = "east";
  rules.zones = {"mesh.internal"};
  return rules;
}

std::shared_ptr<const view::View> assemble(const std::vector<RowValue>& west,
                                           const AssemblyRules& rules) {
  Publication publication;
  OriginPublication origin;
  origin.id = {"west", 0};
  origin.rows = rows(west);
  publication.origins.push_back(origin);
  return Assembler().assemble(publication, rules, 1);
}

}  // namespace

TEST_CASE("only addresses inside a cluster's networks are taken of it, where they are listed") {
  auto rules = east();
  rules.cluster_networks["west"] = {network("10.2.0.0/16"), network("fd00:2::/32")};
  CHECK(rules.objection("west", ip("10.2.3.4")).empty());
  CHECK(rules.objection("west", ip("fd00:2::1")).empty());
  CHECK(rules.objection("west", ip("10.3.3.4")) ==
        "outside the networks that import.networks lists for west");
  CHECK(rules.objection("eu", ip("10.3.3.4")).empty());
}

TEST_CASE("what nobody may be sent to no list lets in, but for loopback said in so many words") {
  auto rules = east();
  rules.own_addresses = {ip("10.0.0.9")};
  rules.cluster_networks["west"] = {network("0.0.0.0/0")};
  for (const char* address : {"0.0.0.0", "224.0.0.1", "169.254.169.254", "10.0.0.9"})
    CHECK_FALSE(rules.objection("west", ip(address)).empty());
  CHECK(rules.objection("west", ip("127.0.2.1")).empty());
  CHECK(rules.objection("eu", ip("127.0.2.1")) ==
        "a loopback address means each caller's own host");
}

TEST_CASE("an endpoint that is not taken is kept aside with the reason, the others serve") {
  auto rules = east();
  rules.cluster_networks["west"] = {network("10.2.0.0/16")};
  const auto view = assemble({service("shop", "web"), endpoint("shop", "web", "10.2.0.1"),
                              endpoint("shop", "web", "10.9.0.1")},
                             rules);
  const auto* web = view->find("web.shop.mesh.internal");
  REQUIRE(web);
  const auto& taken = *web->services[0];
  REQUIRE(taken.endpoints.size() == 1);
  CHECK(taken.endpoints[0].ip == ip("10.2.0.1"));
  REQUIRE(taken.refused.size() == 1);
  CHECK(taken.refused[0].endpoint.ip == ip("10.9.0.1"));
  CHECK_THAT(taken.refused[0].why, Catch::Contains("import.networks"));
}

TEST_CASE("a peer's name outside our zones is served only where it is listed, and is told of") {
  const std::vector<RowValue> west{
      destination("taker", {"www.bank.example", "cart.mesh.internal", "a.shop.example"})};
  auto rules = east();
  auto view = assemble(west, rules);
  CHECK(view->find("cart.mesh.internal"));
  CHECK_FALSE(view->find("www.bank.example"));
  REQUIRE(view->refused_hosts.size() == 2);
  CHECK(view->refused_hosts[0].host == "www.bank.example");
  CHECK(view->refused_hosts[0].cluster == "west");
  CHECK(view->refused_hosts[0].defined_by == "VirtualDestination west/shop/taker");

  rules.hosts = {"*.shop.example"};
  view = assemble(west, rules);
  CHECK(view->find("a.shop.example"));
  CHECK_FALSE(view->find("www.bank.example"));
  CHECK(view->refused_hosts.size() == 1);
}

TEST_CASE("a host pattern takes what is below it, not the name itself nor its namesakes") {
  ImportRule rule;
  rule.hosts = {"*.shop.example", "pay.example"};
  CHECK(rule.admits_host("a.shop.example"));
  CHECK(rule.admits_host("b.a.shop.example"));
  CHECK(rule.admits_host("pay.example"));
  for (const char* host : {"shop.example", "myshop.example", "x.pay.example", "example"})
    CHECK_FALSE(rule.admits_host(host));
}

TEST_CASE("what is for the home alone serves at home, marked, with the agent's place") {
  auto rules = east();
  AgentRow agent;
  agent.locality = {"us-east", "a", ""};
  rules.home =
      rows({agent, service("kube-system", "dns"), endpoint("kube-system", "dns", "10.1.0.1"),
            destination("inner", {"inner.mesh.internal"})});
  const auto view = assemble({service("shop", "web")}, rules);
  const auto* dns = view->find("dns.kube-system.mesh.internal");
  REQUIRE(dns);
  CHECK(dns->home_only);
  CHECK(dns->services[0]->home_only);
  CHECK(dns->services[0]->cluster == "east");
  CHECK(dns->services[0]->endpoints[0].traits->locality.region == "us-east");
  REQUIRE(view->find("inner.mesh.internal"));
  CHECK(view->find("inner.mesh.internal")->home_only);
  CHECK_FALSE(view->find("web.shop.mesh.internal")->home_only);
  CHECK_FALSE(view->find_cluster("east"));  // only its own origin makes it a member
}
