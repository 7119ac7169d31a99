// failureMode: FREEZE_CONFIG.
#include "forwarder/explain.hpp"
#include "tests/unit/forwarder/scene.hpp"

#include <catch2/catch.hpp>

using namespace forwarder;
using namespace scene;

namespace {

resources::RouteTable frozen(std::vector<resources::HttpRoute> routes,
                             std::vector<std::string> hosts = {"h"}) {
  auto made = table("main", std::move(hosts), std::move(routes));
  made.failure_mode = resources::FailureMode::freeze_config;
  return made;
}

Mesh shop() {
  Mesh mesh;
  mesh.has("east", "cart", {"10.0.0.1"}).has("east", "pay", {"10.0.0.2"});
  return mesh;
}

bool says_frozen(const Compiled& compiled) {
  return std::ranges::any_of(compiled.problems, [](const auto& problem) {
    return problem.field == "spec.failureMode" && problem.message.starts_with("frozen");
  });
}

std::string at(const Compiled& compiled, const char* path, const char* host = "h") {
  return outcome(*compiled.table, Incoming("GET", host, path));
}

const auto kToCart = route({prefix("/a")}, to("cart"));
const auto kToNobody = route({prefix("/a")}, to("nobody"));

}  // namespace

TEST_CASE("a table that freezes serves as before while some route of it is broken", "[freeze]") {
  auto mesh = shop();
  auto compiled = mesh.compile({frozen({kToCart, route({}, says("old"))})});
  CHECK_FALSE(says_frozen(compiled));
  compiled = mesh.compile({frozen({kToNobody, route({}, says("new"))}, {"h", "other"})});
  CHECK(at(compiled, "/a").starts_with("shop/main[0] -> cart"));
  CHECK(at(compiled, "/b") == "200 old");
  CHECK(at(compiled, "/b", "other").starts_with("404"));
  CHECK(says_frozen(compiled));
  // It stays so while nothing changes, and is mended by what mends it.
  compiled = mesh.compile({frozen({kToNobody, route({}, says("new"))}, {"h", "other"})});
  CHECK(at(compiled, "/b") == "200 old");
  CHECK(says_frozen(compiled));
  mesh.has("east", "nobody", {"10.0.0.3"});
  compiled = mesh.compile({frozen({kToNobody, route({}, says("new"))}, {"h", "other"})});
  CHECK(at(compiled, "/a").starts_with("shop/main[0] -> nobody"));
  CHECK(at(compiled, "/b", "other") == "200 new");
  CHECK_FALSE(says_frozen(compiled));
}

TEST_CASE("a matcher that takes nothing freezes, too, and so does a child", "[freeze]") {
  auto mesh = shop();
  mesh.compile({frozen({route({prefix("/")}, says("old"))})});
  const auto broken = mesh.compile({frozen({route({regex("(")}, says("new"))})});
  CHECK(at(broken, "/") == "200 old");

  const auto child = [](const resources::HttpRoute& one) { return table("child", {}, {one}); };
  const auto parent = frozen({route({}, delegate_to({"child"})), route({}, says("rest"))});
  auto compiled = mesh.compile({parent, child(kToCart)});
  CHECK(at(compiled, "/a").starts_with("shop/child[0] -> cart"));
  compiled = mesh.compile({parent, child(kToNobody)});
  CHECK(at(compiled, "/a").starts_with("shop/child[0] -> cart"));
  compiled = mesh.compile({parent, child(route({}, says("mended")))});
  CHECK(at(compiled, "/a") == "200 mended");
}

TEST_CASE("what was never accepted, or went meanwhile, is replaced as in the other mode",
          "[freeze]") {
  auto mesh = shop();
  CHECK(at(mesh.compile({frozen({kToNobody})}), "/a").starts_with("500 "));
  mesh.compile({frozen({kToCart})});
  mesh.compile({});
  CHECK(at(mesh.compile({frozen({kToNobody})}), "/a").starts_with("500 "));
  auto thawed = frozen({kToCart});
  mesh.compile({thawed});
  thawed = frozen({kToNobody});
  thawed.failure_mode = resources::FailureMode::route_replacement;
  CHECK(at(mesh.compile({thawed}), "/a").starts_with("500 "));
}

TEST_CASE("a frozen table leads to what is gone and comes back", "[freeze]") {
  auto mesh = shop();
  const resources::SharedList<resources::RouteTable> tables{frozen({kToCart})};
  const auto members = [&] {
    const auto compiled = mesh.compile(tables);
    const auto found = explain(*compiled.table, Incoming("GET", "h", "/a").value);
    std::string text;
    for (const auto& tier : found.destinations.at(0).upstream->tiers)
      for (const auto& member : tier.members) text += member.address.to_string() + ' ';
    return text + (says_frozen(compiled) ? "frozen" : "");
  };
  CHECK(members() == "10.0.0.1:8080 ");
  mesh.loses("cart");
  CHECK(members() == "frozen");
  CHECK(members() == "frozen");
  mesh.has("east", "cart", {"10.0.0.9"});
  CHECK(members() == "10.0.0.9:8080 ");
}
