#include "agent/route_report.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/forwarder/scene.hpp"

using namespace agent;
using namespace scene;

namespace {

// Listens on 80 and 9080.
Mesh shop() {
  Mesh mesh;
  mesh.has("east", "web", {"10.0.0.1"}, {{"app", "web"}})
      .has("east", "empty", {})
      .has_virtual("web.mesh.internal", "web", 9080);
  return mesh;
}

std::string outcome_of(const forwarder::Table& table, const AskedRoute& asked) {
  const auto answer = report_route(table, asked);
  return answer.contains("error") ? "error: " + answer.value("error", "")
                                  : answer.value("outcome", "");
}

std::string route_taken(const forwarder::Table& table, const AskedRoute& asked) {
  return report_route(table, asked).value("route", "");
}

// A route that only callers take who write the host so.
resources::RouteTable for_authority(const char* authority) {
  auto matcher = prefix("/");
  matcher.headers.push_back(header(":authority", authority));
  return table("main", {"h"}, {route({matcher}, to("web"))});
}

}  // namespace

TEST_CASE("a host that is not known is 503 before the first sync and 404 after it") {
  auto mesh = shop();
  CHECK(outcome_of(*mesh.unsynced().compile({}).table, {.url = "http://unknown/"}) ==
        "503: no route table and no destination has this host yet: other clusters are not heard");
  CHECK(outcome_of(*mesh.synced().compile({}).table, {.url = "http://unknown/"}) ==
        "404: no route table and no destination has this host");
}

TEST_CASE("a route that leads to nothing that lives is no forwarding") {
  const auto compiled = shop().unsynced().compile(
      {table("main", {"h"},
             {route({exact("/empty")}, to("empty")), route({exact("/later")}, to("later")),
              route({}, to("web"))})});
  const std::string nothing = "503: no endpoint: the route leads to nothing that lives";
  CHECK(outcome_of(*compiled.table, {.url = "http://h/empty"}) == nothing);
  CHECK(outcome_of(*compiled.table, {.url = "http://h/later"}) == nothing);
  CHECK(outcome_of(*compiled.table, {.url = "http://h/x?y#z"}) == "forwarded as /x?y");
}

TEST_CASE("a port that nobody listens on is no connection") {
  const auto compiled = shop().compile({});
  CHECK(outcome_of(*compiled.table, {.url = "http://web.mesh.internal:81/"}) ==
        "no connection: the forwarder does not listen on port 81, only on 80, 9080");
  CHECK(outcome_of(*Mesh().compile({}).table, {.url = "http://h/"}) ==
        "no connection: the forwarder does not listen on port 80");
}

TEST_CASE("the Host is written as clients write it, without the default port") {
  const auto plain = shop().compile({for_authority("h")});
  CHECK(route_taken(*plain.table, {.url = "http://h/"}) == "shop/main[0]");
  CHECK(route_taken(*plain.table, {.url = "http://h:80/"}) == "shop/main[0]");
  CHECK(route_taken(*plain.table, {.url = "http://h:9080/"}) == "");
  const auto with_port = shop().compile({for_authority("h:9080")});
  CHECK(route_taken(*with_port.table, {.url = "http://h:9080"}) == "shop/main[0]");
}

TEST_CASE("a Host given among the headers takes the place of the URL's") {
  const auto compiled = shop().compile({for_authority("h")});
  CHECK(route_taken(*compiled.table, {.url = "http://10.9.9.9/", .headers = "hOst: h\nA: b\n"}) ==
        "shop/main[0]");
  CHECK(outcome_of(*compiled.table, {.url = "http://h/", .headers = "Host: a\nHost: b"}) ==
        "error: the forwarder refuses this request: more than one Host");
}

TEST_CASE("an IPv6 address stands in a URL with or without a port") {
  const auto compiled = shop().compile({});
  const std::string unknown = "404: no route table and no destination has this host";
  CHECK(outcome_of(*compiled.table, {.url = "http://[::1]/"}) == unknown);
  CHECK(outcome_of(*compiled.table, {.url = "http://[::1]:9080/"}) == unknown);
  CHECK(outcome_of(*compiled.table, {.url = "http://[::1/"}).starts_with("error: "));
  CHECK(outcome_of(*compiled.table, {.url = "h/"}) ==
        "error: write the whole URL: http://host:port/path");
}

TEST_CASE("who asks decides where a table is for some callers only") {
  resources::ObjectSelector web;
  web.labels = {{"app", "web"}};
  auto main = table("main", {"web.mesh.internal"}, {route({}, says("for web"))});
  main.workload_selectors = {web};
  const auto compiled =
      shop().has("east", "batch", {"10.0.0.2"}, {{"app", "batch"}}).compile({main});
  const auto url = "http://web.mesh.internal:9080/";
  CHECK(route_taken(*compiled.table, {.url = url, .from = "10.0.0.1"}) == "shop/main[0]");
  CHECK(route_taken(*compiled.table, {.url = url}) == "shop/main[0]");
  CHECK(route_taken(*compiled.table, {.url = url, .from = "10.0.0.2"}) ==
        "destination web.mesh.internal:9080");
  CHECK(outcome_of(*compiled.table, {.url = url, .from = "batch"})
            .starts_with("error: a caller is an address: "));
}

TEST_CASE("who warms up is named with the part of its weight that it counts for") {
  auto mesh = shop();
  resources::Documents documents;
  resources::LoadBalancerPolicy warm;
  warm.warm_up = std::chrono::seconds(100);
  documents.load_balancer_policies.push_back(warm);
  const base::TimePoint came(std::chrono::hours(1));
  mesh.compile_all(documents);
  auto& endpoints = mesh.service("east", "web").endpoints;
  endpoints.push_back(endpoints.front());
  endpoints.back().ip = *base::IpAddress::parse("10.0.0.2");
  const auto compiled = mesh.at(came).compile_all(documents);
  const auto late = [&](base::TimePoint now) -> std::string {
    AskedRoute asked{"GET", "http://web.mesh.internal:9080/"};
    asked.now = now;
    const auto answer = report_route(*compiled.table, asked);
    const auto& members = answer["destinations"][0]["tiers"][0]["members"];
    CHECK(members[0].get<std::string>().find(' ') == std::string::npos);
    return members[1];
  };
  const auto address = late(base::TimePoint::max());
  CHECK(address.find(' ') == address.npos);
  CHECK(late(came) == address + " (warms up: 10 % of its weight)");
  CHECK(late(came + std::chrono::seconds(42)) == address + " (warms up: 42 % of its weight)");
  CHECK(late(came + std::chrono::seconds(100)) == address);
}
