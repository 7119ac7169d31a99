#include "tests/unit/resources/reading.hpp"

#include <catch2/catch.hpp>

using Lines = std::vector<std::string>;
using Kind = resources::GatewayListener::Kind;

namespace {

resources::Loaded gateway(const std::string& spec) {
  return load_text(
      "apiVersion: networking.gloo.solo.io/v2\nkind: VirtualGateway\n"
      "metadata: {name: edge, namespace: shop}\nspec: " +
      spec + "\n");
}

Lines problems(const resources::Loaded& loaded) {
  Lines all;
  for (const auto& problem : loaded.problems) all.push_back(problem.field + ": " + problem.message);
  return all;
}

}  // namespace

TEST_CASE("a VirtualGateway is read field by field", "[resources]") {
  const auto loaded =
      gateway(R"({workloads: [{selector: {labels: {istio: ingressgateway}}}], listeners: [
    {port: {number: 80}, http: {}, appProtocol: HTTP, allowedRouteTables: [
      {host: 'web/*.Example.'}, {host: '*', selector: {labels: {a: b}}}]},
    {port: {number: 81}, http: {}, httpsRedirect: true},
    {port: {number: 82}, http: {}, httpsRedirect: false}]})");
  CHECK(problems(loaded).empty());
  const auto& listeners = loaded.documents.virtual_gateways.at(0).listeners;
  REQUIRE(listeners.size() == 3);
  CHECK(listeners[0].kind == Kind::http);
  CHECK(listeners[0].port == 80);
  REQUIRE(listeners[0].allowed->size() == 2);
  CHECK(listeners[0].allowed->at(0).namespace_ == "web");
  CHECK(listeners[0].allowed->at(0).host == "*.example");
  CHECK_FALSE(listeners[0].allowed->at(0).selector);
  CHECK(listeners[0].allowed->at(1).selector->labels == base::Labels{{"a", "b"}});
  CHECK(listeners[1].kind == Kind::https_redirect);
  CHECK_FALSE(listeners[1].allowed);
  CHECK(listeners[2].kind == Kind::http);
}

TEST_CASE("what a VirtualGateway asks for in vain is said", "[resources]") {
  const auto said = [](const std::string& listener) {
    return problems(gateway("{listeners: [" + listener + "]}"));
  };
  CHECK(said("{port: {number: 443}, http: {}, tls: {mode: SIMPLE}}") ==
        Lines{"spec.listeners[0].tls: TLS is not supported yet: this listener is not opened"});
  CHECK(said("{port: {number: 443}, http: {}, tls: {mood: SIMPLE}}").size() == 2);
  CHECK(said("{port: {number: 9000}, tcp: {}}") ==
        Lines{"spec.listeners[0]: only http listeners are served yet: this one is not opened"});
  CHECK(said("{port: {name: http}, http: {}}").at(0) ==
        "spec.listeners[0].port: a port by name is not supported: this listener is not opened");
  CHECK(said("{port: {number: 80, name: http}, http: {}}").empty());
  CHECK(said("{http: {}}") == Lines{"spec.listeners[0].port: missing"});
  CHECK(said("{port: {number: 80}, http: {}, tcp: {}}").size() == 1);
  CHECK(said("{port: {number: 80}, http: {}, allowedRouteTables: [{host: 'a b'}]}").size() == 1);
  CHECK(said("{port: {number: 80}, http: {}, allowedRouteTables: [{}]}").size() == 1);
  CHECK(problems(gateway("{listeners: []}")) ==
        Lines{"spec.listeners: is empty: it opens no port"});
  CHECK(problems(gateway("{}")) == Lines{"spec: no listeners: it opens no port"});
}
