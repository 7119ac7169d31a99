#include "forwarder/compile.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/forwarder/scene.hpp"

using namespace scene;

TEST_CASE("a destination without a route table is forwarded to itself on its own port") {
  const auto compiled = Mesh()
                            .has("east", "ratings", {"10.0.0.1"})
                            .has_virtual("ratings.mesh.internal", "ratings", 9080)
                            .compile({});
  const auto& table = *compiled.table;
  CHECK(compiled.problems.empty());
  CHECK(outcome(table, Incoming("GET", "ratings.mesh.internal:9080", "/a?b", {}, 9080)) ==
        "destination ratings.mesh.internal:9080 -> ratings.mesh.internal:9080 /a?b");
  CHECK(outcome(table, Incoming("GET", "ratings.mesh.internal", "/", {}, 80)) ==
        "404 no route matches\n");
  CHECK(outcome(table, Incoming("GET", "unknown.mesh.internal", "/", {}, 9080)) ==
        "404 no such host here\n");
}

TEST_CASE("listeners are one for each HTTP port of a destination, on each own address") {
  const auto compiled = Mesh()
                            .has("east", "ratings", {"10.0.0.1"})
                            .has_virtual("ratings.mesh.internal", "ratings", 9080)
                            .has_virtual("db.mesh.internal", "ratings", 5432, "TCP")
                            .compile({});
  std::vector<std::string> listeners;
  for (const auto& listener : compiled.table->listeners) listeners.push_back(listener.to_string());
  CHECK(listeners == std::vector<std::string>{"127.0.0.9:80", "127.0.0.9:9080"});
}

TEST_CASE("what speaks HTTP/2 opens no listener, and a table that names it captures nothing") {
  const auto compiled =
      Mesh()
          .has("west", "ratings", {"10.0.0.1"})
          .has_virtual("rpc.mesh.internal", "ratings", 50051, "GRPC")
          .has_virtual("h2.mesh.internal", "ratings", 50052, "HTTP2")
          .compile({table("main", {"rpc.mesh.internal"}, {route({}, says("x"))})});
  CHECK(compiled.table->listeners.empty());
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].severity == resources::Severity::warning);
  CHECK(compiled.problems[0].field == "spec.hosts");
  CHECK(compiled.problems[0].message ==
        "host rpc.mesh.internal is not captured: callers get its endpoints (none of its ports is "
        "HTTP/1.1)");
  CHECK_FALSE(compiled.problems[0].hint.empty());
}

TEST_CASE("a route to a port that speaks HTTP/2 is a warning, for it is sent HTTP/1.1") {
  resources::ForwardTo forward;
  forward.destinations = {virtual_destination("rpc", 50051)};
  const auto compiled =
      Mesh()
          .has("east", "rpc", {"10.0.0.1"})
          .has_virtual("rpc.mesh.internal", "rpc", 50051, "GRPC")
          .compile({table("main", {"h"}, {route({}, forward), route({exact("/")}, to("rpc"))})});
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].severity == resources::Severity::warning);
  CHECK(compiled.problems[0].field == "spec.http[0].forwardTo.destinations[0]");
  CHECK(compiled.problems[0].message ==
        "port 50051 (GRPC) of rpc.mesh.internal is sent HTTP/1.1, which is all that the forwarder "
        "speaks");
}

TEST_CASE("the first matching route of a table that names the host wins") {
  const auto compiled =
      Mesh()
          .has("east", "ratings", {"10.0.0.1"})
          .has("east", "reviews", {"10.0.0.2"})
          .compile({table("main", {"shop.mesh.internal"},
                          {route({exact("/reviews"), prefix("/reviews/")}, to("reviews")),
                           route({prefix("/")}, to("ratings"))})});
  CHECK(compiled.problems.empty());
  CHECK(outcome(*compiled.table, Incoming("GET", "shop.mesh.internal", "/reviews/1?x=y")) ==
        "shop/main[0] -> reviews.shop.mesh.internal:80 /reviews/1?x=y");
  CHECK(outcome(*compiled.table, Incoming("GET", "SHOP.mesh.internal.:80", "/reviewsX")) ==
        "shop/main[1] -> ratings.shop.mesh.internal:80 /reviewsX");
}

TEST_CASE("a route to nothing answers 500 with the reason and is a problem with its place") {
  const auto compiled =
      Mesh()
          .has("east", "ratings", {"10.0.0.1"})
          .compile({table("main", {"shop.mesh.internal"},
                          {route({prefix("/lost")}, to("lost")), route({}, to("ratings"))})});
  CHECK(outcome(*compiled.table, Incoming("GET", "shop.mesh.internal", "/lost")) ==
        "500 route shop/main[0] is broken: service shop/lost is not known here\n");
  CHECK(route_of(*compiled.table, Incoming("GET", "shop.mesh.internal", "/")) == "shop/main[1]");
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].object == "RouteTable shop/main");
  CHECK(compiled.problems[0].field == "spec.http[0].forwardTo.destinations[0]");
}

TEST_CASE("a table takes over its hosts only, the destination's other names stay as they are") {
  const auto compiled =
      Mesh()
          .has("east", "ratings", {"10.0.0.1"})
          .has_virtual("ratings.mesh.internal", "ratings")
          .compile({table("main", {"ratings.mesh.internal"}, {route({exact("/x")}, says("x"))}),
                    table("rest", {"*.mesh.internal"}, {route({}, says("rest"))})});
  CHECK(outcome(*compiled.table, Incoming("GET", "ratings.mesh.internal", "/x")) == "200 x");
  CHECK(outcome(*compiled.table, Incoming("GET", "ratings.mesh.internal", "/y")) ==
        "404 no route matches\n");
  CHECK(route_of(*compiled.table, Incoming("GET", "ratings.shop.mesh.internal", "/y")) ==
        "destination ratings.shop.mesh.internal:80");
  CHECK(outcome(*compiled.table, Incoming("GET", "other.mesh.internal", "/")) == "200 rest");
}

TEST_CASE("tables of one host are merged by age, with what takes everything last") {
  auto old =
      table("z-old", {"h"}, {route({}, says("old default")), route({exact("/a")}, says("old"))});
  old.metadata.created_at = 1;
  auto young = table(
      "a-young", {"h", "own"},
      {route({exact("/a")}, says("young")), route({exact("/b"), prefix("/")}, says("young b"))});
  young.metadata.created_at = 2;
  const auto compiled = Mesh().compile({young, old});
  const auto& table = *compiled.table;
  CHECK(outcome(table, Incoming("GET", "h", "/a")) == "200 old");
  CHECK(outcome(table, Incoming("GET", "h", "/b")) == "200 young b");
  CHECK(outcome(table, Incoming("GET", "h", "/c")) == "200 old default");
  CHECK(outcome(table, Incoming("GET", "own", "/a")) == "200 young");
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].severity == resources::Severity::warning);
  CHECK(compiled.problems[0].object == "RouteTable shop/a-young");
  CHECK(compiled.problems[0].message ==
        "host h is also in RouteTable shop/z-old, whose routes come first");
}

TEST_CASE("one table alone keeps its order, even behind a route that takes everything") {
  const auto compiled = Mesh().compile(
      {table("main", {"h"}, {route({}, says("all")), route({exact("/a")}, says("a"))})});
  CHECK(outcome(*compiled.table, Incoming("GET", "h", "/a")) == "200 all");
}

TEST_CASE("a matcher's port opens a listener and holds for it alone") {
  auto matcher = prefix("/");
  matcher.port = 8443;
  const auto compiled = Mesh().compile({table("main", {"h"}, {route({matcher}, says("tls"))})});
  CHECK(compiled.table->listeners.at(0).to_string() == "127.0.0.9:8443");
  CHECK(outcome(*compiled.table, Incoming("GET", "h", "/", {}, 8443)) == "200 tls");
  CHECK(outcome(*compiled.table, Incoming("GET", "h", "/", {}, 80)) == "404 no route matches\n");
}

TEST_CASE("of too many ports the highest open no listener, on no address") {
  std::vector<resources::HttpRoute> routes;
  for (std::uint16_t port = 1; port <= 600; ++port) {
    auto matcher = prefix("/");
    matcher.port = port;
    routes.push_back(route({matcher}, says("")));
  }
  const auto compiled =
      Mesh().listens_on({"127.0.0.9", "127.0.0.10"}).compile({table("main", {"h"}, routes)});
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].hint == "the highest ports are left out");
  const auto& listeners = compiled.table->listeners;
  REQUIRE(listeners.size() == 1024);
  CHECK(listeners[511].to_string() == "127.0.0.9:512");
  CHECK(listeners[1023].to_string() == "127.0.0.10:512");
}

TEST_CASE("a path that starts without / is a warning where it never matches, not below a prefix") {
  Mesh mesh;
  const auto compiled = mesh.compile({table("main", {"h"},
                                            {route({prefix("/ok"), exact("foo")}, says("")),
                                             route({prefix("/api/")}, delegate_to({"child"}))}),
                                      table("child", {}, {route({prefix("v1")}, says("v1"))})});
  CHECK(outcome(*compiled.table, Incoming("GET", "h", "/api/v1/x")) == "200 v1");
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].severity == resources::Severity::warning);
  CHECK(compiled.problems[0].message ==
        "no path starts without /, as foo does: this matcher takes no request");
}

TEST_CASE("redirects keep what they do not replace") {
  const auto location = [](resources::Redirect redirect, std::string_view host) {
    const auto compiled = Mesh().compile({table("main", {"*"}, {route({}, redirect)})});
    return outcome(*compiled.table, Incoming("GET", host, "/a?b=c"));
  };
  CHECK(location({"", "/x", 301}, "h:8080") == "301 http://h:8080/x?b=c");
  CHECK(location({"other", "", 302}, "h:8080") == "302 http://other/a?b=c");
  CHECK(location({"other", "/x?y", 307}, "h") == "307 http://other/x?y");
  CHECK(location({"", "/x", 308}, "") == "308 /x?b=c");
}

TEST_CASE("a route without destinations takes the table's default") {
  auto main = table("main", {"h"}, {route({}, resources::ForwardTo{})});
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"});
  CHECK(outcome(*mesh.compile({main}).table, Incoming("GET", "h", "/")) ==
        "500 route shop/main[0] is broken: no destinations, and the table has no default\n");
  main.default_destination = service("ratings");
  CHECK(outcome(*mesh.compile({main}).table, Incoming("GET", "h", "/")) ==
        "shop/main[0] -> ratings.shop.mesh.internal:80 /");
}

TEST_CASE("an unknown destination among others is a warning and gets no traffic") {
  resources::ForwardTo split;
  split.destinations = {scene::weighing(service("gone"), 99),
                        scene::weighing(service("ratings"), 1)};
  const auto compiled = Mesh()
                            .has("east", "ratings", {"10.0.0.1"})
                            .compile({table("main", {"h"}, {route({}, split)})});
  CHECK(outcome(*compiled.table, Incoming("GET", "h", "/")) ==
        "shop/main[0] -> ratings.shop.mesh.internal:80 /");
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].severity == resources::Severity::warning);
  CHECK(compiled.problems[0].field == "spec.http[0].forwardTo.destinations[0]");
}

TEST_CASE("weights that do not add up break their route") {
  resources::ForwardTo split;
  split.destinations = {scene::weighing(service("ratings"), 60),
                        scene::weighing(service("ratings"), 60)};
  const auto compiled = Mesh()
                            .has("east", "ratings", {"10.0.0.1"})
                            .compile({table("main", {"h"}, {route({}, split)})});
  CHECK(outcome(*compiled.table, Incoming("GET", "h", "/")) ==
        "500 route shop/main[0] is broken: weights add up to 120, more than 100\n");
}

TEST_CASE("a weight of a sole destination counts as of several; a default one's says nothing") {
  auto half = to("ratings");
  half.destinations[0].weight = 50;
  auto main =
      table("main", {"h"}, {route({exact("/half")}, half), route({}, resources::ForwardTo{})});
  main.default_destination = scene::weighing(service("ratings"), 50);
  const auto compiled = Mesh().has("east", "ratings", {"10.0.0.1"}).compile({main});
  CHECK(outcome(*compiled.table, Incoming("GET", "h", "/half")) ==
        "500 route shop/main[0] is broken: weights add up to 50, not 100\n");
  CHECK(route_of(*compiled.table, Incoming("GET", "h", "/")) == "shop/main[1]");
}

TEST_CASE("a matcher with a bad pattern takes nothing, the route's others stay") {
  auto bad = regex("/(");
  bad.place = {"shop.yaml", 7, 3};
  const auto compiled =
      Mesh().compile({table("main", {"h"}, {route({bad, exact("/ok")}, says("ok"))})});
  CHECK(outcome(*compiled.table, Incoming("GET", "h", "/ok")) == "200 ok");
  CHECK(outcome(*compiled.table, Incoming("GET", "h", "/(")) == "404 no route matches\n");
  REQUIRE(compiled.problems.size() == 1);
  CHECK(compiled.problems[0].place.line == 7);
  CHECK(compiled.problems[0].field == "spec.http[0].matchers[0].uri.regex");
}

TEST_CASE("a child's mistake is said once however many parents lead to it") {
  const auto compiled = Mesh().compile(
      {table("main", {"h"},
             {route({prefix("/a")}, delegate_to({"child"})),
              route({prefix("/b")}, delegate_to({"child"}))}),
       table("child", {}, {route({exact("/x")}, to("gone")), route({regex("/(")}, says(""))})});
  CHECK(compiled.problems.size() == 2);
  CHECK(outcome(*compiled.table, Incoming("GET", "h", "/b/x")).starts_with("500 "));
}

TEST_CASE("what nobody else can have is a mistake where it lacks, what others may have is not") {
  const auto say = [](Mesh mesh, resources::DestinationRef ref) {
    resources::ForwardTo forward;
    forward.destinations = {std::move(ref)};
    const auto compiled = mesh.has("east", "ratings", {"10.0.0.1"})
                              .has("east", "reviews", {"10.0.0.2"})
                              .has_virtual("ratings.mesh.internal", "ratings")
                              .compile({table("main", {"h"}, {route({}, forward)})});
    CHECK(outcome(*compiled.table, Incoming("GET", "h", "/")).starts_with("500 "));
    REQUIRE(compiled.problems.size() == 1);
    const auto& problem = compiled.problems[0];
    CHECK(problem.field == "spec.http[0].forwardTo.destinations[0]");
    return (problem.severity == resources::Severity::error ? "error: " : "warning: ") +
           problem.message + "; " + problem.hint;
  };
  auto later = service("later"), mistyped = service("rtaings"), away = service("later");
  away.ref.cluster = "west";
  CHECK(say(Mesh(), later) ==
        "warning: service shop/later is not known here; it must come from another cluster");
  CHECK(say(Mesh().alone(), later) ==
        "error: service shop/later is not known here; define it, or say in ref.cluster which "
        "cluster does");
  CHECK(say(Mesh().alone(), away) ==
        "warning: service shop/later is not known here; it must come from another cluster");
  away.ref.cluster = "east";
  CHECK(say(Mesh().alone(), away).starts_with("error: "));
  CHECK(say(Mesh().alone(), mistyped) ==
        "error: service shop/rtaings is not known here; did you mean \"shop/ratings\"?");
  mistyped.ref = {"ratings", "other", "", {}};
  CHECK(say(Mesh(), mistyped) ==
        "warning: service other/ratings is not known here; did you mean \"shop/ratings\"?");
  CHECK(say(Mesh().alone(), virtual_destination("raitngs")) ==
        "error: VirtualDestination shop/raitngs is not known here; did you mean "
        "\"shop/ratings\"?");
  CHECK(say(Mesh(), service("ratings", 81)).starts_with("error: "));  // a port of nobody's
  auto cloud = service("lambda");
  cloud.kind = resources::DestinationKind::unsupported;
  CHECK(say(Mesh().alone(), cloud).starts_with("warning: "));
}

TEST_CASE(
    "a mistake in one of several destinations, or in the default one, is told where it stands") {
  resources::ForwardTo split;
  split.destinations = {scene::weighing(service("ratings"), 50), scene::weighing(service("x"), 50)};
  split.destinations[1].place = {"a.yaml", 12, 7};
  auto defaulted = table("defaulted", {"d"}, {route({}, resources::ForwardTo{})});
  defaulted.default_destination = service("x");
  const auto compiled = Mesh()
                            .alone()
                            .has("east", "ratings", {"10.0.0.1"})
                            .compile({table("split", {"s"}, {route({}, split)}), defaulted});
  REQUIRE(compiled.problems.size() == 2);
  CHECK(compiled.problems[0].field == "spec.defaultDestination");
  CHECK(compiled.problems[1].field == "spec.http[0].forwardTo.destinations[1]");
  CHECK(compiled.problems[1].place == resources::Place{"a.yaml", 12, 7});
  CHECK(compiled.problems[1].severity == resources::Severity::error);
}

TEST_CASE("before the first sync what is not known here may yet come: 503, and only a warning") {
  Mesh mesh;
  auto cloud = service("lambda");
  cloud.kind = resources::DestinationKind::unsupported;
  resources::ForwardTo split, odd;
  split.destinations = {scene::weighing(service("later"), 50),
                        scene::weighing(virtual_destination("later"), 50)};
  odd.destinations = {scene::weighing(cloud, 50), scene::weighing(service("later"), 50)};
  const auto main = table("main", {"h"},
                          {route({exact("/service")}, to("later")), route({exact("/split")}, split),
                           route({exact("/odd")}, odd), route({}, to("here"))});
  mesh.has("east", "here", {"10.0.0.1"}).unsynced();
  const auto compiled = mesh.compile({main});
  for (const auto* path : {"/service", "/split", "/odd"}) {
    INFO(path);
    const auto decision = decide(*compiled.table, Incoming("GET", "h", path));
    const auto* forward = std::get_if<forwarder::Forward>(&decision.action);
    REQUIRE(forward);  // to nothing that lives: 503
    CHECK_FALSE(forward->upstream);
  }
  CHECK(route_of(*compiled.table, Incoming("GET", "h", "/")) == "shop/main[3]");
  CHECK(compiled.problems.size() == 5);  // each destination that is missing, also a sole one
  for (const auto& problem : compiled.problems)
    CHECK(problem.severity == resources::Severity::warning);

  SECTION("an unknown host may be another cluster's") {
    CHECK(outcome(*compiled.table, Incoming("GET", "unknown.mesh.internal", "/")) ==
          "503 not ready: other clusters are not heard yet\n");
  }
  SECTION("what is wrong by itself stays wrong") {
    const auto broken = mesh.compile(
        {table("main", {"h"}, {route({}, resources::ForwardTo{{cloud}, {}, {}, {}, false})})});
    CHECK(outcome(*broken.table, Incoming("GET", "h", "/")).starts_with("500 "));
    CHECK(broken.problems.size() == 1);
  }
  SECTION("after it what no cluster defines is nowhere") {
    const auto after = mesh.synced().compile({main});
    CHECK(outcome(*after.table, Incoming("GET", "h", "/service")).starts_with("500 "));
    CHECK(outcome(*after.table, Incoming("GET", "unknown.mesh.internal", "/")).starts_with("404 "));
  }
}

TEST_CASE("a text that cannot stand in a head breaks its route") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"});
  const auto broken = [&](resources::HttpAction action) -> std::string {
    const auto compiled =
        mesh.compile({table("main", {"h"}, {route({exact("/")}, std::move(action))})});
    const auto answer = outcome(*compiled.table, Incoming("GET", "h", "/"));
    if (compiled.problems.empty()) return "";
    CHECK(compiled.problems[0].severity == resources::Severity::error);
    CHECK(answer.starts_with("500 route shop/main[0] is broken: "));
    return compiled.problems[0].field.substr(13) + ": " + compiled.problems[0].message;
  };
  const auto forward = [](auto change) {
    auto action = to("ratings");
    change(action);
    return action;
  };
  const auto host = [&](const char* text) {
    return forward([&](auto& action) { action.host_rewrite = text; });
  };
  const auto path = [&](const char* text) {
    return forward([&](auto& action) { action.path_rewrite = text; });
  };
  const auto regex = [&](const char* text) {
    return forward([&](auto& action) { action.regex_rewrite = {"a", text}; });
  };
  CHECK(broken(host("a\r\nX: y")) ==
        "forwardTo.hostRewrite: \"a\\x0d\\x0aX: y\" is no host and port");
  CHECK(broken(host("a b")).starts_with("forwardTo.hostRewrite: "));
  CHECK(broken(host("example.org:8080")) == "");
  CHECK(broken(path("/a b")) ==
        "forwardTo.pathRewrite: \"/a b\" has a byte that no path may have: 0x20");
  CHECK(broken(path("/a#b")).starts_with("forwardTo.pathRewrite: "));
  CHECK(broken(path("/a%20b")) == "");
  CHECK(broken(regex("/x\n")).starts_with("forwardTo.regexRewrite.substitution: "));
  CHECK(broken(regex("")) == "");
  CHECK(broken(regex("\\\\")) == "");
  CHECK(broken(resources::Redirect{"a\r\nSet-Cookie: b", "", 301})
            .starts_with("redirect.hostRedirect: "));
  CHECK(broken(resources::Redirect{"", "/a\r\nSet-Cookie: b", 301})
            .starts_with("redirect.pathRedirect: "));
  CHECK(broken(resources::Redirect{"other:8080", "/x?y", 301}) == "");
}
