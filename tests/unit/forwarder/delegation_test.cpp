#include "forwarder/delegation.hpp"

#include <catch2/catch.hpp>

#include "forwarder/matcher.hpp"
#include "tests/unit/forwarder/scene.hpp"

using namespace forwarder;
using namespace scene;
using Lines = std::vector<std::string>;

namespace {

std::string text(const resources::HttpMatcher& matcher) {
  std::vector<MatcherError> errors;
  return describe(compile_matcher(matcher, errors));
}

// "main[0]: prefix /a | exact /b", without the namespace.
Lines flat(const resources::SharedList<resources::RouteTable>& tables,
           resources::Problems& problems) {
  Delegation delegation(tables, "east", problems);
  Lines lines;
  for (const auto& route : delegation.flatten(tables.front())) {
    auto line = name_of(*route.table, route.index).substr(5) + ": ";
    for (const auto& matcher : route.matchers)
      line += (&matcher == &route.matchers.front() ? "" : " | ") + text(matcher);
    if (!route.broken.empty()) line += " BROKEN " + route.broken;
    lines.push_back(line);
  }
  return lines;
}

Lines flat(const resources::SharedList<resources::RouteTable>& tables) {
  resources::Problems problems;
  auto lines = flat(tables, problems);
  for (const auto& problem : problems)
    lines.push_back(problem.object + ' ' + problem.field + ": " + problem.message);
  return lines;
}

resources::RouteTable weighing(resources::RouteTable table, int weight) {
  table.weight = weight;
  return table;
}

}  // namespace

TEST_CASE("a delegating route becomes the routes of its child, their paths behind its own") {
  CHECK(
      flat({table("main", {"h"},
                  {route({exact("/health")}, says("ok")),
                   route({prefix("/shop")}, delegate_to({"child"})), route({}, says("rest"))}),
            table("child", {},
                  {route({exact("/cart"), prefix("/items/")}, says("")), route({}, says(""))})}) ==
      Lines{"main[0]: exact /health", "child[0]: exact /shop/cart | prefix /shop/items/",
            "child[1]: prefix /shop", "main[2]: everything"});
}

TEST_CASE("paths are joined with one slash, and several on both sides give every pair") {
  CHECK(flat({table("main", {"h"},
                    {route({prefix("/a/"), prefix("/")}, delegate_to({"child"})),
                     route({prefix("/trackapi/")}, delegate_to({"root"}))}),
              table("child", {}, {route({prefix("/x"), exact("/y")}, says(""))}),
              table("root", {}, {route({prefix("/")}, says(""))})}) ==
        Lines{"child[0]: prefix /a/x | exact /a/y | prefix /x | exact /y",
              "root[0]: prefix /trackapi/"});
}

TEST_CASE("behind a parent's path-separated prefix stands a slash, whoever wrote it") {
  CHECK(flat({table("main", {"h"},
                    {route({separated("/a")}, delegate_to({"child"})),
                     route({prefix("/b/"), prefix("/")}, delegate_to({"separated"}))}),
              table("child", {},
                    {route({prefix("/x"), prefix("y"), exact("/z"), separated("/s")}, says("")),
                     route({prefix("/"), exact("/")}, says("")), route({}, says(""))}),
              table("separated", {}, {route({separated("/s")}, says(""))})}) ==
        Lines{"child[0]: prefix /a/x | prefix /a/y | exact /a/z | path-separated prefix /a/s",
              "child[1]: path-separated prefix /a | exact /a/",
              "child[2]: path-separated prefix /a",
              "separated[0]: path-separated prefix /b/s | path-separated prefix /s"});
}

TEST_CASE("a child's regex takes no more than the parent's path-separated prefix does") {
  auto parent = separated("/v1.0");
  const auto takes = [&](std::string_view path) {
    const auto both = merge(parent, regex(".*(a|b)")).value();
    const auto compiled = Mesh().compile({table("main", {"h"}, {route({both}, says("yes"))})});
    return outcome(*compiled.table, Incoming("GET", "h", path)) == "200 yes";
  };
  CHECK(takes("/v1.0/a"));
  CHECK(takes("/v1.0/x/b"));
  CHECK_FALSE(takes("/v1.0a"));
  CHECK_FALSE(takes("/v1.0x/a"));
  CHECK_FALSE(takes("/v1x0/a"));
  CHECK_FALSE(takes("/V1.0/a"));
  parent.path->ignore_case = true;
  CHECK(takes("/V1.0/a"));
  CHECK_FALSE(takes("/V1.0/A"));
  CHECK_FALSE(takes("/V1.0a"));
  CHECK(text(merge(separated("/v1"), regex(".*")).value()) == R"(regex \/v1(?:.*) below /v1)");
  CHECK_FALSE(merge(regex("/a"), separated("/b")).ok());
}

TEST_CASE("a child's regex is put behind the parent's prefix taken literally") {
  const auto both = merge(prefix("/v1.0"), regex("/a|/b")).value();
  const auto takes = [&](std::string_view path) {
    std::vector<MatcherError> errors;
    const auto matcher = compile_matcher(both, errors);
    return !mismatch(matcher, Incoming("GET", "h", path).value);
  };
  CHECK(takes("/v1.0/a"));
  CHECK(takes("/v1.0/b"));
  CHECK_FALSE(takes("/v1x0/a"));
  CHECK_FALSE(takes("/b"));
  CHECK(merge(prefix("/"), regex("/bar/*")).value().path->value == "/bar/*");

  SECTION("and the parent's ignoreCase holds for the parent's part") {
    auto parent = prefix("/V1.0");
    parent.path->ignore_case = true;
    const auto folded = merge(parent, regex("/a")).value();
    const auto folded_takes = [&](std::string_view path) {
      std::vector<MatcherError> errors;
      const auto matcher = compile_matcher(folded, errors);
      return !mismatch(matcher, Incoming("GET", "h", path).value);
    };
    CHECK(folded_takes("/v1.0/a"));
    CHECK(folded_takes("/V1.0/a"));
    CHECK_FALSE(folded_takes("/v1.0/A"));
    CHECK_FALSE(folded_takes("/v1x0/a"));
    const auto compiled = Mesh().compile({table("main", {"h"}, {route({folded}, says("yes"))})});
    CHECK(outcome(*compiled.table, Incoming("GET", "h", "/v1.0/a")) == "200 yes");
  }
}

TEST_CASE("grandchildren inherit from both, and everything but the path is ANDed") {
  auto parent = prefix("/a");
  parent.headers.push_back(header("x", "1"));
  auto child = prefix("/b");
  child.method = "GET";
  child.headers.push_back(header("y", "2"));
  auto grandchild = exact("/c");
  grandchild.port = 80;
  CHECK(flat({table("main", {"h"}, {route({parent}, delegate_to({"child"}))}),
              table("child", {}, {route({child}, delegate_to({"grandchild"}))}),
              table("grandchild", {}, {route({grandchild}, says(""))})}) ==
        Lines{"grandchild[0]: exact /a/b/c, method GET, header x \"1\", header y \"2\", port 80"});
}

TEST_CASE("tables come by weight, then as listed") {
  const auto child = [](std::string name, int weight) {
    return weighing(table(std::move(name), {}, {route({}, says(""))}), weight);
  };
  CHECK(flat({table("main", {"h"}, {route({}, delegate_to({"b", "c", "a", "d"}))}), child("a", 0),
              child("b", -1), child("c", 0), child("d", 5)}) ==
        Lines{"d[0]: everything", "c[0]: everything", "a[0]: everything", "b[0]: everything"});
}

TEST_CASE("tables selected by label come by age, those without one last") {
  const auto child = [](std::string name, std::int64_t created_at) {
    auto t = table(std::move(name), {}, {route({}, says(""))});
    t.metadata.labels = {{"team", "web"}, {"tier", "1"}};
    t.metadata.created_at = created_at;
    return t;
  };
  resources::Delegate delegate;
  delegate.tables.resize(1);
  delegate.tables[0].labels = {{"team", "web"}};
  auto other = child("other", 1);
  other.metadata.labels = {{"tier", "1"}};
  CHECK(flat({table("main", {"h"}, {route({}, delegate)}), child("undated", 0), child("young", 9),
              child("old", 3), other}) ==
        Lines{"old[0]: everything", "young[0]: everything", "undated[0]: everything"});
}

// The worked example of the published API (gloo.md §2 "ROUTE_SPECIFICITY").
TEST_CASE("by specificity: exact, then regex, then prefix; longer first; then by table weight") {
  auto a = weighing(
      table("a", {},
            {route({prefix("/foo")}, says("")), route({prefix("/foo/more/specific")}, says("")),
             route({prefix("/foo/even/more/specific")}, says("")),
             route({exact("/foo/exact")}, says("")), route({exact("/foo/another/exact")}, says("")),
             route({regex("/foo/*")}, says("")), route({regex("/fooo/*")}, says(""))}),
      1);
  auto b = weighing(
      table("b", {},
            {route({prefix("/bar")}, says("")), route({prefix("/bar/more/specific")}, says("")),
             route({prefix("/bar/even/more/specific")}, says("")),
             route({exact("/bar/exact")}, says("")), route({regex("/bar/*")}, says(""))}),
      2);
  auto delegate = delegate_to({"a", "b"});
  delegate.sort = resources::SortMethod::route_specificity;
  Lines paths;
  for (const auto& line : flat({table("main", {"h"}, {route({prefix("/")}, delegate)}), a, b}))
    paths.push_back(line.substr(line.find(": ") + 2));
  CHECK(paths == Lines{"exact /foo/another/exact", "exact /bar/exact", "exact /foo/exact",
                       "regex /bar/*", "regex /foo/*", "regex /fooo/*",
                       "prefix /bar/even/more/specific", "prefix /foo/even/more/specific",
                       "prefix /bar/more/specific", "prefix /foo/more/specific", "prefix /bar",
                       "prefix /foo"});
}

TEST_CASE("by specificity a path-separated prefix goes before a prefix of its length") {
  auto delegate = delegate_to({"a"});
  delegate.sort = resources::SortMethod::route_specificity;
  const auto a = table("a", {},
                       {route({prefix("/v2")}, says("")), route({separated("/v2")}, says("")),
                        route({prefix("/v2/x")}, says("")),
                        route({separated("/v2/long")}, says("")), route({regex("/v2")}, says(""))});
  CHECK(flat({table("main", {"h"}, {route({prefix("/")}, delegate)}), a}) ==
        Lines{"a[4]: regex /v2", "a[3]: path-separated prefix /v2/long", "a[2]: prefix /v2/x",
              "a[1]: path-separated prefix /v2", "a[0]: prefix /v2"});
}

TEST_CASE("a cycle is named on the table that closes it, and breaks only the route there") {
  CHECK(flat({table("main", {"h"}, {route({prefix("/m")}, delegate_to({"a"}))}),
              table("a", {}, {route({prefix("/a")}, delegate_to({"b"})), route({}, says(""))}),
              table("b", {}, {route({}, delegate_to({"a"})), route({exact("/x")}, says(""))})}) ==
        Lines{"b[0]: prefix /m/a BROKEN delegation cycle: shop/a -> shop/b -> shop/a",
              "b[1]: exact /m/a/x", "a[1]: prefix /m",
              "RouteTable shop/b spec.http[0].delegate: delegation cycle: shop/a -> shop/b -> "
              "shop/a"});
}

TEST_CASE("a missing table, a root and a conflict break the delegating route") {
  const auto broken = [](resources::HttpMatcher parent, std::string child) {
    const auto lines =
        flat({table("main", {"h"}, {route({std::move(parent)}, delegate_to({std::move(child)}))}),
              table("root", {"other"}, {route({}, says(""))}),
              table("child", {}, {route({}, says("")), route({exact("/c")}, says(""))}),
              table("poster", {}, {route({method("POST")}, says(""))})});
    REQUIRE(lines.size() == 2);
    return lines.front();
  };
  CHECK(broken(prefix("/p"), "gone") == "main[0]: prefix /p BROKEN no route table with name gone");
  CHECK(broken(prefix("/p"), "root") ==
        "main[0]: prefix /p BROKEN no route table with name root; shop/root has hosts and is no "
        "child");
  CHECK(broken(exact("/p"), "child") ==
        "main[0]: exact /p BROKEN route shop/child[1] can never match: a path can't be added to "
        "the parent's exact /p");
  CHECK(broken(method("GET"), "poster") ==
        "main[0]: method GET BROKEN route shop/poster[0] can never match: the parent wants method "
        "GET, the child POST");
}

TEST_CASE("pairs of matchers that exclude each other are left out while one remains") {
  CHECK(flat({table("main", {"h"}, {route({method("GET"), method("POST")}, delegate_to({"c"}))}),
              table("c", {}, {route({method("POST")}, says(""))})}) == Lines{"c[0]: method POST"});
}

TEST_CASE("headers that ask for two values of one name are a conflict") {
  auto one = prefix("/"), two = prefix("/");
  one.headers.push_back(header("x", "1"));
  two.headers.push_back(header("x", "2"));
  CHECK(merge(one, two).error().message == "parent and child want different values of header x");
  two.headers[0].invert = true;
  CHECK(merge(one, two).ok());
}

TEST_CASE("a root's own matchers are never too many") {
  const std::vector<resources::HttpMatcher> many(kMaxFlatMatchers + 1, exact("/x"));
  resources::Problems problems;
  const resources::SharedList<resources::RouteTable> tables{
      table("main", {"h"}, {route(many, says(""))})};
  CHECK(Delegation(tables, "east", problems).flatten(tables[0])[0].matchers.size() == many.size());
}

TEST_CASE("delegation that multiplies without end is cut off with a reason") {
  resources::SharedList<resources::RouteTable> tables;
  const std::vector<resources::HttpMatcher> ten(10, prefix("/x"));
  tables.push_back(table("main", {"h"}, {route(ten, delegate_to({"t1"}))}));
  for (int i = 1; i < 8; ++i)
    tables.push_back(table("t" + std::to_string(i), {},
                           {route(ten, delegate_to({"t" + std::to_string(i + 1)}))}));
  tables.push_back(table("t8", {}, {route({}, says(""))}));
  resources::Problems problems;
  CHECK(flat(tables, problems).size() == 1);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].message.find("more than 100000 matchers") != std::string::npos);
}

TEST_CASE("a delegation that is cut off leaves the root's other routes and tables alone") {
  resources::SharedList<resources::RouteTable> tables;
  const std::vector<resources::HttpMatcher> ten(10, prefix("/x"));
  tables.push_back(
      table("main", {"h"},
            {route({exact("/first")}, says("")), route(ten, delegate_to({"t1"})),
             route({prefix("/own")}, delegate_to({"child"})), route({exact("/last")}, says(""))}));
  for (int i = 1; i < 8; ++i)
    tables.push_back(table("t" + std::to_string(i), {},
                           {route(ten, delegate_to({"t" + std::to_string(i + 1)}))}));
  tables.push_back(table("t8", {}, {route({}, says(""))}));
  tables.push_back(table("child", {}, {route({exact("/child")}, says(""))}));
  resources::Problems problems;
  const auto lines = flat(tables, problems);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "main[0]: exact /first");
  CHECK(lines[1].find("BROKEN") != std::string::npos);
  CHECK(lines[2] == "child[0]: exact /own/child");
  CHECK(lines[3] == "main[3]: exact /last");
  CHECK(problems.size() == 1);
}
