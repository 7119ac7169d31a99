#include "forwarder/gateways.hpp"

#include "tests/unit/forwarder/scene.hpp"

#include <catch2/catch.hpp>

using namespace forwarder;
using namespace scene;
using Lines = std::vector<std::string>;
using Kind = resources::GatewayListener::Kind;

namespace {

resources::GatewayListener listener(std::uint16_t port, Kind kind = Kind::http) {
  resources::GatewayListener made;
  made.kind = kind;
  made.port = port;
  return made;
}

resources::VirtualGateway gateway(std::string name,
                                  std::vector<resources::GatewayListener> listeners) {
  resources::VirtualGateway made;
  made.metadata.name = std::move(name);
  made.metadata.namespace_ = "shop";
  made.listeners = std::move(listeners);
  return made;
}

resources::RouteTable at_gateway(resources::RouteTable table, std::string name = "edge") {
  table.virtual_gateways.push_back({std::move(name), "", "", {}});
  return table;
}

resources::Documents documents(const resources::SharedList<resources::RouteTable>& tables,
                               const resources::SharedList<resources::VirtualGateway>& gateways) {
  resources::Documents all;
  all.route_tables = tables;
  all.virtual_gateways = gateways;
  return all;
}

Mesh shop() {
  Mesh mesh;
  mesh.has("east", "cart", {"10.0.0.1"});
  return mesh;
}

std::string at(const Compiled& compiled, const char* host, std::uint16_t port,
               const char* path = "/") {
  Incoming request("GET", host, path);
  request.value.port = port;
  auto text = outcome(*compiled.table, request);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::vector<int> ports(const Compiled& compiled) {
  std::vector<int> all;
  for (const auto& address : compiled.table->listeners) all.push_back(address.port);
  return all;
}

Lines statuses_of(const Compiled& compiled) {
  Lines lines;
  for (const auto& status : compiled.statuses) {
    auto line = status.object + ' ' + std::string(to_string(status.state));
    for (const auto& note : status.notes) line += "; " + note;
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("a gateway's port serves the tables that name the gateway, and nothing else",
          "[gateways]") {
  auto mesh = shop();
  const auto compiled = mesh.compile_all(
      documents({at_gateway(table("out", {"shop.example"}, {route({}, to("cart"))})),
                 table("in", {"h"}, {route({}, says("mesh"))})},
                {gateway("edge", {listener(8080)})}));
  CHECK(ports(compiled) == std::vector<int>{80, 8080});
  CHECK(at(compiled, "shop.example", 8080) == "shop/out[0] -> cart.shop.mesh.internal:80 /");
  CHECK(at(compiled, "h", 8080) == "404 no such host here");
  CHECK(at(compiled, "cart.shop.mesh.internal", 8080) == "404 no such host here");
  // Nor is the table the mesh's.
  CHECK(at(compiled, "shop.example", 80) == "404 no such host here");
  CHECK(at(compiled, "h", 80) == "200 mesh");
  CHECK(compiled.problems.empty());
  CHECK(statuses_of(compiled) ==
        Lines{"RouteTable shop/out accepted; it serves on VirtualGateway shop/edge on port 8080",
              "RouteTable shop/in accepted; host h is not captured: no name here leads to it, so "
              "only requests sent to the forwarder's own address reach it",
              "VirtualGateway shop/edge accepted; port 8080 serves 1 route table"});
}

TEST_CASE("a table with selectors of workloads serves the gateway and the mesh", "[gateways]") {
  auto mesh = shop();
  auto both = at_gateway(table("both", {"h"}, {route({}, says("both"))}));
  both.workload_selectors.resize(1);
  const auto compiled = mesh.compile_all(documents({both}, {gateway("edge", {listener(8080)})}));
  CHECK(at(compiled, "h", 80) == "200 both");
  CHECK(at(compiled, "h", 8080) == "200 both");
}

TEST_CASE("a port that the mesh needs itself serves the gateway's hosts first", "[gateways]") {
  auto mesh = shop();
  const auto compiled = mesh.compile_all(
      documents({at_gateway(table("out", {"shop.example"}, {route({}, says("out"))}))},
                {gateway("edge", {listener(80)})}));
  CHECK(at(compiled, "shop.example", 80) == "200 out");
  CHECK(at(compiled, "cart.shop.mesh.internal", 80).starts_with("destination cart"));
}

TEST_CASE("a listener serves the hosts that it allows a table", "[gateways]") {
  auto mesh = shop();
  auto narrow = listener(8080);
  resources::AllowedRouteTables public_ones{"", "*.example", std::nullopt};
  public_ones.selector.emplace().labels = {{"public", "yes"}};
  narrow.allowed = {
      {public_ones, {"shop", "exact.test", std::nullopt}, {"web", "*", std::nullopt}}};
  auto main =
      at_gateway(table("main", {"a.example", "*.b.example", "exact.test", "other.test", "*"},
                       {route({}, says("it"))}));
  main.metadata.labels = {{"public", "yes"}};
  const auto compiled = mesh.compile_all(documents({main}, {gateway("edge", {narrow})}));
  CHECK(at(compiled, "a.example", 8080) == "200 it");
  CHECK(at(compiled, "x.b.example", 8080) == "200 it");
  CHECK(at(compiled, "exact.test", 8080) == "200 it");
  CHECK(at(compiled, "other.test", 8080) == "404 no such host here");
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].message ==
        "VirtualGateway shop/edge has no listener that allows it other.test, *");

  main.metadata.labels = {};
  const auto fewer = mesh.compile_all(documents({main}, {gateway("edge", {narrow})}));
  CHECK(at(fewer, "a.example", 8080) == "404 no such host here");
  narrow.allowed->clear();  // a list of none
  const auto none = mesh.compile_all(documents({main}, {gateway("edge", {narrow})}));
  CHECK(at(none, "exact.test", 8080) == "404 no such host here");
  CHECK(statuses_of(none).at(0).starts_with("RouteTable shop/main unused"));
  CHECK(statuses_of(none).at(1) ==
        "VirtualGateway shop/edge accepted; port 8080 serves 0 route tables");
}

TEST_CASE("httpsRedirect leads to the same URL with https and its usual port", "[gateways]") {
  auto mesh = shop();
  const auto compiled =
      mesh.compile_all(documents({}, {gateway("edge", {listener(8080, Kind::https_redirect)})}));
  CHECK(at(compiled, "Shop.example:8080", 8080, "/a?b=c") == "301 https://shop.example/a?b=c");
  CHECK(at(compiled, "cart.shop.mesh.internal", 8080) == "301 https://cart.shop.mesh.internal/");
}

TEST_CASE("what cannot be opened or bound is said", "[gateways]") {
  auto mesh = shop();
  const auto lost = at_gateway(table("lost", {"h"}, {route({}, says(""))}), "nowhere");
  const auto half = at_gateway(at_gateway(table("half", {"h"}, {route({}, says(""))})), "nowhere");
  const auto compiled = mesh.compile_all(
      documents({lost, half}, {gateway("edge", {listener(443, Kind::unsupported), listener(8080),
                                                listener(8080, Kind::https_redirect)})}));
  CHECK(ports(compiled) == std::vector<int>{80, 8080});
  Lines said;
  for (const auto& problem : compiled.problems)
    said.push_back(problem.object + ": " + problem.message);
  CHECK(said == Lines{"VirtualGateway shop/edge: port 8080 has a listener of the other kind, with "
                      "httpsRedirect or without, which comes first: this one has no effect",
                      "RouteTable shop/half: VirtualGateway nowhere is not known here"});
  CHECK(
      statuses_of(compiled) ==
      Lines{"RouteTable shop/lost unused; it serves virtual gateways only, and none is served here",
            "RouteTable shop/half warning; it serves on VirtualGateway shop/edge on port 8080",
            "VirtualGateway shop/edge warning; spec.listeners[0] is not opened; port 8080 serves "
            "1 route table"});
}

TEST_CASE("gateways come, change and go while tables stay", "[gateways]") {
  auto mesh = shop();
  auto all = documents({at_gateway(table("out", {"h"}, {route({}, says("out"))}))}, {});
  const auto served = [&](std::uint16_t port) {
    const auto compiled = mesh.compile_all(all);
    const bool open = std::ranges::count(ports(compiled), port) > 0;
    return open ? at(compiled, "h", port) : "closed";
  };
  CHECK(served(8080) == "closed");
  all.virtual_gateways.push_back(gateway("edge", {listener(8080)}));
  CHECK(served(8080) == "200 out");
  CHECK(served(8080) == "200 out");
  all.virtual_gateways = {};
  all.virtual_gateways.push_back(gateway("edge", {listener(8081)}));
  CHECK(served(8080) == "closed");
  CHECK(served(8081) == "200 out");
  // A second gateway that the table does not name serves it nothing.
  all.virtual_gateways.push_back(gateway("other", {listener(8082)}));
  CHECK(served(8082) == "404 no such host here");
}

TEST_CASE("two listeners on one port serve what either allows, each table once", "[gateways]") {
  auto mesh = shop();
  auto first = listener(8080), second = listener(8080);
  first.allowed.emplace().push_back({"", "a.test", std::nullopt});
  second.allowed.emplace().push_back({"", "*.test", std::nullopt});
  const auto compiled = mesh.compile_all(
      documents({at_gateway(table("main", {"a.test", "b.test"}, {route({}, says("it"))}))},
                {gateway("edge", {first, second})}));
  CHECK(at(compiled, "a.test", 8080) == "200 it");
  CHECK(at(compiled, "b.test", 8080) == "200 it");
  CHECK(compiled.problems.empty());
}
