#include "forwarder/explain.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/forwarder/scene.hpp"

using namespace forwarder;
using namespace scene;

namespace {

std::unique_ptr<Table> bookinfo() {
  auto to_jason = prefix("/reviews");
  to_jason.headers.push_back(header("x-user", "jason"));
  auto canary = to("reviews");
  canary.destinations[0].subset = {{"version", "v2"}};
  canary.path_rewrite = "/v2";
  canary.host_rewrite = "canary";
  auto named = route({to_jason, exact("/canary")}, canary);
  named.name = "canary";
  return Mesh()
      .has("east", "reviews", {"10.0.0.1"}, {{"version", "v1"}})
      .has("east", "reviews", {"10.0.0.2"}, {{"version", "v2"}})
      .compile({table("main", {"*.mesh.internal"},
                      {named, route({prefix("/reviews")}, to("reviews")),
                       route({exact("/old")}, resources::Redirect{"", "/new", 302})})})
      .table;
}

std::vector<std::string> lines(const Explanation& explanation) {
  std::vector<std::string> result;
  for (const auto& verdict : explanation.verdicts)
    result.push_back(verdict.route + ": " + verdict.matcher +
                     (verdict.why_not.empty() ? "" : "; " + verdict.why_not));
  return result;
}

}  // namespace

TEST_CASE("explain names the route taken and why each earlier matcher did not hold") {
  const auto table = bookinfo();
  const Incoming request("GET", "shop.mesh.internal", "/reviews/1?q");
  const auto explanation = explain(*table, request.value);
  CHECK(explanation.virtual_host == "*.mesh.internal");
  CHECK(lines(explanation) ==
        std::vector<std::string>{
            "shop/main[0] canary: prefix /reviews, header x-user \"jason\"; header x-user is "
            "absent, wanted \"jason\"",
            "shop/main[0] canary: exact /canary; path is /reviews/1, wanted exact /canary",
            "shop/main[1]: prefix /reviews"});
  CHECK(explanation.route == "shop/main[1]");
  CHECK(explanation.target == "/reviews/1?q");
  REQUIRE(explanation.destinations.size() == 1);
  CHECK(explanation.destinations[0].host == "shop.mesh.internal");
  CHECK(explanation.destinations[0].upstream->tiers.at(0).members.size() == 2);
}

TEST_CASE("explain shows subset, rewritten path and host of the route taken") {
  const auto table = bookinfo();
  const Incoming request("GET", "shop.mesh.internal", "/reviews/1", {{"X-User", "jason"}});
  const auto explanation = explain(*table, request.value);
  CHECK(explanation.route == "shop/main[0] canary");
  CHECK(explanation.target == "/v2/1");
  REQUIRE(explanation.destinations.size() == 1);
  CHECK(explanation.destinations[0].host == "canary");
  CHECK(explanation.destinations[0].name == "reviews.shop.mesh.internal:80{version=v2}");
}

TEST_CASE("explain shows what is answered here") {
  const auto table = bookinfo();
  CHECK(explain(*table, Incoming("GET", "a.mesh.internal", "/old?q").value).reply->location ==
        "http://a.mesh.internal/new?q");
  const auto lost = explain(*table, Incoming("GET", "a.mesh.internal", "/none").value);
  CHECK(lost.route == "");
  CHECK(lost.reply->status == 404);
  CHECK(lost.verdicts.size() == 4);
  const auto unknown = explain(*table, Incoming("GET", "elsewhere", "/").value);
  CHECK(unknown.virtual_host == "");
  CHECK(unknown.reply->status == 404);
  const auto early = Mesh().unsynced().compile({}).table;
  CHECK(explain(*early, Incoming("GET", "elsewhere", "/").value).reply->status == 503);
}
