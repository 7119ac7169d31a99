#include "agent/http_routes.hpp"

#include <catch2/catch.hpp>

using namespace agent;

namespace {

HttpReply ask(const HttpRoutes& routes, std::string_view method, std::string_view path) {
  HttpRequest request;
  request.method = method;
  request.path = path;
  return routes.respond(request);
}

Respond says(std::string text) {
  return [text](const HttpRequest&) { return HttpReply{200, text}; };
}

}  // namespace

TEST_CASE("a path finds its function by method", "[agent]") {
  HttpRoutes routes;
  routes.get("/a", says("get a"));
  routes.post("/a", says("post a"));
  routes.get("/b/*", says("below b"));
  routes.post("/c", says("post c"));
  CHECK(ask(routes, "GET", "/a").body == "get a");
  CHECK(ask(routes, "HEAD", "/a").body == "get a");
  CHECK(ask(routes, "POST", "/a").body == "post a");
  CHECK(ask(routes, "GET", "/b/c/d").body == "below b");
  CHECK(ask(routes, "GET", "/b/").status == 404);
  CHECK(ask(routes, "GET", "/b").status == 404);
  CHECK(ask(routes, "GET", "/A").status == 404);
  const auto refused = ask(routes, "DELETE", "/a");
  CHECK(refused.status == 405);
  REQUIRE(refused.headers.size() == 1);
  CHECK(refused.headers[0].first == "Allow");
  CHECK(refused.headers[0].second == "GET, HEAD, POST");
  CHECK(ask(routes, "GET", "/c").status == 405);
}

TEST_CASE("a query's parameters are found and decoded", "[agent]") {
  const std::string_view query =
      "name=ratings.mesh&from=east%2fus%2Fa&empty=&bare&plus=a+b&bad=%2&name=x";
  CHECK(query_parameter(query, "name") == "ratings.mesh");
  CHECK(query_parameter(query, "from") == "east/us/a");
  CHECK(query_parameter(query, "empty") == "");
  CHECK(query_parameter(query, "bare") == "");
  CHECK(query_parameter(query, "plus") == "a b");
  CHECK(!query_parameter(query, "bad"));
  CHECK(!query_parameter(query, "nam"));
  CHECK(!query_parameter("", "name"));
  CHECK(!query_parameter("a=%zz", "a"));
}

TEST_CASE("a refusal is JSON whatever it quotes", "[agent]") {
  CHECK(refusal(400, "a \"b\"").body == "{\"error\":\"a \\\"b\\\"\"}\n");
  CHECK(refusal(400, "\xff").status == 400);
}
