#include "forwarder/policies.hpp"

#include "forwarder/explain.hpp"
#include "tests/unit/forwarder/scene.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace forwarder;
using namespace scene;
using Lines = std::vector<std::string>;

namespace {

resources::HeaderManipulationPolicy stamps(std::string name, base::Labels labels = {}) {
  resources::HeaderManipulationPolicy policy;
  policy.metadata.name = std::move(name);
  policy.metadata.namespace_ = "shop";
  policy.routes.emplace_back().route.labels = std::move(labels);
  policy.request.append.push_back({"x-by", policy.metadata.name, {}});
  return policy;
}

resources::HttpRoute labelled(resources::HttpRoute route, base::Labels labels) {
  route.labels = std::move(labels);
  return route;
}
resources::RouteTable labelled(resources::RouteTable table, base::Labels labels) {
  table.metadata.labels = std::move(labels);
  return table;
}

resources::Documents documents(
    const resources::SharedList<resources::RouteTable>& tables,
    const resources::SharedList<resources::HeaderManipulationPolicy>& policies) {
  resources::Documents all;
  all.route_tables = tables;
  all.header_manipulation_policies = policies;
  return all;
}

// The values of x-by that a request to the path gets upstream, in their order.
std::string by(const Table& table, const char* path, std::uint64_t seed = 1) {
  std::string text;
  const auto decision = decide(table, Incoming("GET", "h", path), seed);
  if (!decision.treatment) return "nobody";
  for (const auto& header : decision.treatment->request.add)
    text += (text.empty() ? "" : " ") + std::string(header.value);
  return text;
}

Lines statuses_of(const Compiled& compiled) {
  Lines lines;
  for (const auto& status : compiled.statuses) {
    if (!status.object.starts_with("HeaderManipulationPolicy")) continue;
    auto line = status.object.substr(status.object.find('/') + 1) + ' ' +
                std::string(to_string(status.state));
    for (const auto& note : status.notes) line += ": " + note;
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE(
    "a label of a route comes from itself, its table, the delegating route, the table above") {
  resources::Problems problems;
  const base::Labels top{
      {"a", "top table"}, {"b", "top table"}, {"c", "top table"}, {"d", "top table"}};
  const resources::SharedList<resources::RouteTable> tables{
      labelled(table("top", {"h"},
                     {labelled(route({}, delegate_to({"child"})),
                               {{"a", "top route"}, {"b", "top route"}, {"c", "top route"}})}),
               top),
      labelled(table("child", {},
                     {labelled(route({}, says("")), {{"a", "child route"}, {"e", "child route"}}),
                      route({}, says(""))}),
               {{"a", "child table"}, {"b", "child table"}})};
  Delegation delegation(tables, "east", problems);
  const auto flat = delegation.flatten(tables.front());
  REQUIRE(flat.size() == 2);
  CHECK(flat[0].labels() == base::Labels{{"a", "child route"},
                                         {"b", "child table"},
                                         {"c", "top route"},
                                         {"d", "top table"},
                                         {"e", "child route"}});
  CHECK(flat[1].labels().at("a") == "child table");
}

TEST_CASE("a policy is for the routes that have its labels, below each parent by itself") {
  const auto compiled =
      Mesh()
          .has("east", "web", {"10.0.0.1"})
          .compile_all(documents(
              {table("main", {"h"},
                     {labelled(route({prefix("/a")}, delegate_to({"child"})), {{"team", "a"}}),
                      labelled(route({prefix("/b")}, delegate_to({"child"})), {{"team", "b"}}),
                      route({prefix("/c")}, says("c"))}),
               table("child", {}, {route({}, to("web"))})},
              {stamps("for-a", {{"team", "a"}}), stamps("for-b", {{"team", "b"}})}));
  CHECK(by(*compiled.table, "/a") == "for-a");
  CHECK(by(*compiled.table, "/b") == "for-b");
  CHECK(by(*compiled.table, "/c") == "nobody");
  CHECK(statuses_of(compiled) ==
        Lines{"for-a accepted: it applies to 1 route", "for-b accepted: it applies to 1 route"});
}

TEST_CASE("a policy can ask for the namespace and cluster of the table that a route stands in") {
  auto elsewhere = table("theirs", {"h"}, {route({prefix("/theirs")}, says(""))});
  elsewhere.metadata.namespace_ = "other";
  elsewhere.metadata.cluster = "west";
  const auto selected = [&](std::string namespace_, std::string cluster) {
    auto policy = stamps("p");
    policy.routes[0].route.namespace_ = std::move(namespace_);
    policy.routes[0].route.cluster = std::move(cluster);
    const auto compiled = Mesh().compile_all(documents(
        {table("ours", {"h"}, {route({prefix("/ours")}, says(""))}), elsewhere}, {policy}));
    return by(*compiled.table, "/ours") + ' ' + by(*compiled.table, "/theirs");
  };
  CHECK(selected("", "") == "p p");
  CHECK(selected("shop", "") == "p nobody");
  CHECK(selected("", "west") == "nobody p");
  CHECK(selected("", "east") == "p nobody");
}

TEST_CASE("of two policies of a kind the older has the route, then the first by name") {
  auto young = stamps("a"), old = stamps("b"), undated = stamps("0");
  young.metadata.created_at = 9;
  old.metadata.created_at = 3;
  auto narrow = stamps("1", {{"only", "here"}});
  const auto compiled = Mesh().compile_all(documents(
      {table("main", {"h"},
             {labelled(route({prefix("/x")}, says("")), {{"only", "here"}}), route({}, says(""))})},
      {young, old, undated, narrow}));
  CHECK(by(*compiled.table, "/x") == "b");
  CHECK(by(*compiled.table, "/y") == "b");
  const std::string by_b =
      "all that it selects have another of its kind: HeaderManipulationPolicy shop/b";
  CHECK(statuses_of(compiled) == Lines{"b accepted: it applies to 2 routes", "a failed: " + by_b,
                                       "0 failed: " + by_b, "1 failed: " + by_b});
  REQUIRE(compiled.problems.size() == 3);
  CHECK(compiled.problems[0].object == "HeaderManipulationPolicy shop/a");
  CHECK(compiled.problems[0].message ==
        "shop/main[0] and 1 more route have HeaderManipulationPolicy shop/b, which is older: this "
        "one "
        "is skipped there");

  const auto by_name = Mesh().compile_all(
      documents({table("main", {"h"}, {route({}, says(""))})}, {stamps("b"), stamps("a")}));
  CHECK(by(*by_name.table, "/") == "a");
  CHECK(by_name.problems.at(0).message.ends_with(
      "which is first by name: this one is skipped there"));
}

TEST_CASE("a policy that loses in every table has failed, by name of who has its routes there") {
  resources::SharedList<resources::RouteTable> tables;
  resources::SharedList<resources::HeaderManipulationPolicy> policies;
  for (const char* name : {"a", "b", "c", "d"}) {
    tables.push_back(table(name, {name}, {labelled(route({}, says("")), {{"team", name}})}));
    policies.push_back(stamps(name, {{"team", name}}));
  }
  policies.push_back(stamps("everybody", {}));
  const auto compiled = Mesh().compile_all(documents(tables, policies));
  CHECK(statuses_of(compiled).back() ==
        "everybody failed: all that it selects have another of its kind: "
        "HeaderManipulationPolicy shop/a, HeaderManipulationPolicy shop/b, "
        "HeaderManipulationPolicy shop/c and 1 more");
  CHECK(compiled.problems.at(0).message ==
        "shop/a[0] and 3 more routes have HeaderManipulationPolicy shop/a or 3 others of its kind, "
        "which is first by name: this one is skipped there");
}

TEST_CASE("a policy that loses one route holds for the others") {
  auto old = stamps("old", {{"a", "1"}});
  old.metadata.created_at = 1;
  const auto compiled = Mesh().compile_all(documents(
      {table("main", {"h"},
             {labelled(route({prefix("/x")}, says("")), {{"a", "1"}}), route({}, says(""))})},
      {stamps("wide"), old}));
  CHECK(by(*compiled.table, "/x") == "old");
  CHECK(by(*compiled.table, "/y") == "wide");
  CHECK(statuses_of(compiled) ==
        Lines{"old accepted: it applies to 1 route", "wide warning: it applies to 1 route"});
}

TEST_CASE("a policy that selects nothing says so") {
  const auto compiled = Mesh().compile_all(
      documents({table("main", {"h"}, {route({}, says(""))})}, {stamps("p", {{"no", "where"}})}));
  CHECK(statuses_of(compiled) == Lines{"p unused: it selects no route"});
  CHECK(compiled.problems.empty());
}

TEST_CASE("a policy can be for the routes that forward to a destination") {
  Mesh mesh;
  mesh.has("east", "web", {"10.0.0.1"})
      .has("east", "db", {"10.0.0.2"})
      .has_virtual("v.example", "web");
  mesh.service("east", "web").labels = {{"app", "web"}};
  const auto taken = [&](const resources::DestinationSelector& selector) {
    auto policy = stamps("p");
    policy.routes[0].with_destinations = selector;
    auto virtual_one = to("web");
    virtual_one.destinations[0] = virtual_destination("web");
    auto split = to("db");
    split.destinations.push_back(service("web"));
    const auto compiled = mesh.compile_all(
        documents({table("main", {"h"},
                         {route({prefix("/web")}, to("web")), route({prefix("/db")}, to("db")),
                          route({prefix("/v")}, virtual_one), route({prefix("/split")}, split),
                          route({prefix("/gone")}, to("gone")), route({}, says(""))})},
                  {policy}));
    std::string text;
    for (const auto* path : {"/web", "/db", "/v", "/split", "/gone", "/says"})
      if (by(*compiled.table, path) == "p") text += path;
    return text;
  };
  resources::DestinationSelector selector;
  CHECK(taken(selector) == "/web/db/split/gone");
  selector.object.labels = {{"app", "web"}};
  CHECK(taken(selector) == "/web/split");
  selector.port.name = "http";
  CHECK(taken(selector) == "/web/split");
  selector.port = {81, ""};
  CHECK(taken(selector).empty());
  selector = {};
  selector.object.name = "gone";
  CHECK(taken(selector) == "/gone");
  selector = {};
  selector.kind = resources::DestinationKind::virtual_destination;
  CHECK(taken(selector) == "/v");
}

TEST_CASE("a policy for one destination of a route comes before the route's own") {
  Mesh mesh;
  mesh.has("east", "web", {"10.0.0.1"}).has("east", "db", {"10.0.0.2"});
  auto split = to("web");
  split.destinations.push_back(service("db"));
  auto of_db = stamps("of-db");
  of_db.routes.clear();
  of_db.route_destinations.emplace_back().destinations.emplace_back().object.name = "db";
  of_db.request.append.push_back({"X-Gone", "?", {}});
  auto of_route = stamps("of-route", {{"a", "1"}});
  of_route.request.remove.push_back({"x-gone", "", {}});
  const auto compiled = mesh.compile_all(documents(
      {table("main", {"h"}, {labelled(route({}, split), {{"a", "1"}})})}, {of_db, of_route}));
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto decision = decide(*compiled.table, Incoming("GET", "h", "/"), seed);
    const auto& upstream = std::get<Forward>(decision.action).upstream->name;
    seen.insert(upstream.substr(0, upstream.find('.')) + ": " + by(*compiled.table, "/", seed));
  }
  CHECK(seen == std::set<std::string>{"web: of-route", "db: of-db of-route"});
  CHECK(compiled.problems.empty());
}

TEST_CASE("fields that frame a message or that are the forwarder's own are no policy's to change") {
  auto policy = stamps("p");
  policy.request.append = {
      {"Content-Length", "3", {}}, {"x-ok", "1", {}},     {":path", "/x", {}},
      {"Host", "h", {}},           {"x y", "1", {}},      {"x-nul", std::string("a\0b", 3), {}},
      {"x-line", "a\r\nb: c", {}}, {"x-space", " a", {}}, {"", "a", {}}};
  policy.request.remove = {{"x-forwarded-for", "", {}}, {"Connection", "", {}}, {"Cookie", "", {}}};
  policy.response.append = {{"Transfer-Encoding", "chunked", {}}};
  policy.response.remove = {
      {"date", "", {}}, {"Server", "", {"a.yaml", 7, 3}}, {"upgrade", "", {"a.yaml", 8, 3}}};
  const auto compiled =
      Mesh().compile_all(documents({table("main", {"h"}, {route({}, says(""))})}, {policy}));
  Lines fields;
  for (const auto& problem : compiled.problems) {
    CHECK(problem.severity == resources::Severity::error);
    CHECK(problem.object == "HeaderManipulationPolicy shop/p");
    fields.push_back(problem.field.substr(std::string("spec.config.").size()));
  }
  CHECK(fields == Lines{"removeRequestHeaders.x-forwarded-for", "removeRequestHeaders.Connection",
                        "appendRequestHeaders.Content-Length", "appendRequestHeaders.:path",
                        "appendRequestHeaders.Host", "appendRequestHeaders.x y",
                        "appendRequestHeaders.x-nul", "appendRequestHeaders.x-line",
                        "appendRequestHeaders.x-space", "appendRequestHeaders.",
                        "removeResponseHeaders.date", "removeResponseHeaders.upgrade",
                        "appendResponseHeaders.Transfer-Encoding"});
  CHECK(compiled.problems[11].place == resources::Place{"a.yaml", 8, 3});
  const auto decision = decide(*compiled.table, Incoming("GET", "h", "/"));
  REQUIRE(decision.treatment);
  REQUIRE(decision.treatment->request.add.size() == 1);
  CHECK(decision.treatment->request.add[0].name == "x-ok");
  CHECK(decision.treatment->request.remove == std::vector<std::string_view>{"Cookie"});
  CHECK(decision.treatment->response.remove == std::vector<std::string_view>{"Server"});
  CHECK(statuses_of(compiled) == Lines{"p invalid: it applies to 1 route"});
}

TEST_CASE("explain names the policies of the route that takes the request") {
  const auto compiled =
      Mesh().compile_all(documents({table("main", {"h"}, {route({}, says(""))})}, {stamps("p")}));
  CHECK(explain(*compiled.table, Incoming("GET", "h", "/").value).policies ==
        Lines{"HeaderManipulationPolicy shop/p"});
}
