#include "forwarder/matcher.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/forwarder/scene.hpp"

using namespace forwarder;
using scene::Incoming;
using ValueKind = resources::ValueMatch::Kind;

namespace {

bool takes(const resources::HttpMatcher& source, const Incoming& request) {
  std::vector<MatcherError> errors;
  const auto matcher = compile_matcher(source, errors);
  REQUIRE(errors.empty());
  return !mismatch(matcher, request.value);
}

bool takes_path(const resources::HttpMatcher& source, std::string_view target) {
  return takes(source, Incoming("GET", "h", target));
}

bool takes_headers(resources::ValueMatch match, std::vector<http::Header> headers) {
  resources::HttpMatcher source;
  source.headers.push_back(std::move(match));
  return takes(source, Incoming("GET", "shop.mesh.internal:80", "/", std::move(headers)));
}

bool takes_query(resources::ValueMatch match, std::string_view target) {
  resources::HttpMatcher source;
  source.query.push_back(std::move(match));
  return takes(source, Incoming("GET", "h", target));
}

}  // namespace

TEST_CASE("an exact path is the whole path without the query") {
  CHECK(takes_path(scene::exact("/foo"), "/foo"));
  CHECK(takes_path(scene::exact("/foo"), "/foo?x=1"));
  CHECK_FALSE(takes_path(scene::exact("/foo"), "/foo/"));
  CHECK_FALSE(takes_path(scene::exact("/foo"), "/Foo"));
}

TEST_CASE("a prefix is raw text, not bound to segments") {
  CHECK(takes_path(scene::prefix("/foo"), "/foo"));
  CHECK(takes_path(scene::prefix("/foo"), "/foobar"));
  CHECK(takes_path(scene::prefix("/foo"), "/foo/bar"));
  CHECK_FALSE(takes_path(scene::prefix("/foo"), "/fo"));
  CHECK_FALSE(takes_path(scene::prefix("/foo/"), "/foo"));
}

TEST_CASE("a path-separated prefix takes itself and what goes on behind a slash") {
  const auto v2 = scene::separated("/v2");
  for (const char* path : {"/v2", "/v2/", "/v2/x", "/v2/x/y", "/v2?q", "/v2/?q=/x"})
    CHECK(takes_path(v2, path));
  for (const char* path : {"/v2x", "/v", "/", "/V2", "/a/v2", "/v2.1", "/v2%2Fx", "/v2;x"})
    CHECK_FALSE(takes_path(v2, path));
  auto folded = scene::separated("/V2");
  folded.path->ignore_case = true;
  CHECK(takes_path(folded, "/v2/X"));
  CHECK_FALSE(takes_path(folded, "/v2X"));
  std::vector<MatcherError> errors;
  const auto matcher = compile_matcher(folded, errors);
  const Incoming request("GET", "h", "/v2X");
  CHECK(describe(matcher, mismatch(matcher, request.value).value(), request.value) ==
        "path is /v2X, wanted path-separated prefix /V2, ignoring case");
}

TEST_CASE("a regex takes the whole path or nothing") {
  CHECK(takes_path(scene::regex("/foo/[0-9]+"), "/foo/12"));
  CHECK_FALSE(takes_path(scene::regex("/foo/[0-9]+"), "/foo/12/x"));
  CHECK_FALSE(takes_path(scene::regex("foo"), "/foo"));
  CHECK(takes_path(scene::regex("/a|/b"), "/b"));
}

TEST_CASE("ignoreCase folds exact paths and prefixes") {
  auto exact = scene::exact("/Foo");
  exact.path->ignore_case = true;
  CHECK(takes_path(exact, "/fOO"));
  auto prefix = scene::prefix("/Foo");
  prefix.path->ignore_case = true;
  CHECK(takes_path(prefix, "/fOObar"));
  CHECK_FALSE(takes_path(prefix, "/fo"));
}

TEST_CASE("headers match by name without case and by their joined value") {
  CHECK(takes_headers({"x-user", ValueKind::exact, "amy", false}, {{"X-User", "amy"}}));
  CHECK_FALSE(takes_headers({"x-user", ValueKind::exact, "amy", false}, {{"X-User", "Amy"}}));
  CHECK_FALSE(takes_headers({"x-user", ValueKind::exact, "", false}, {}));
  CHECK(takes_headers({"a", ValueKind::exact, "1,2,3", false},
                      {{"a", "1"}, {"A", "2"}, {"b", "x"}, {"a", "3"}}));
  CHECK(takes_headers({"a", ValueKind::regex, "[a-z]+", false}, {{"a", "xyz"}}));
  CHECK_FALSE(takes_headers({"a", ValueKind::regex, "[a-z]+", false}, {{"a", "xyz1"}}));
  CHECK(takes_headers({"a", ValueKind::present, "", false}, {{"a", ""}}));
  CHECK_FALSE(takes_headers({"a", ValueKind::present, "", false}, {}));
  CHECK(takes_headers({"a", ValueKind::regex, "*", false}, {{"a", ""}}));
}

TEST_CASE("an inverted header match reads a missing header as empty") {
  CHECK(takes_headers({"a", ValueKind::exact, "x", true}, {}));
  CHECK(takes_headers({"a", ValueKind::exact, "x", true}, {{"a", "y"}}));
  CHECK_FALSE(takes_headers({"a", ValueKind::exact, "x", true}, {{"a", "x"}}));
  CHECK(takes_headers({"a", ValueKind::regex, "x+", true}, {}));
  CHECK_FALSE(takes_headers({"a", ValueKind::regex, "x*", true}, {}));
  CHECK(takes_headers({"a", ValueKind::present, "", true}, {}));
  CHECK_FALSE(takes_headers({"a", ValueKind::present, "", true}, {{"a", ""}}));
}

TEST_CASE("pseudo headers ask for the parts of the request line") {
  CHECK(takes_headers({":authority", ValueKind::exact, "shop.mesh.internal:80", false}, {}));
  CHECK(takes_headers({":method", ValueKind::exact, "GET", false}, {}));
  CHECK(takes_headers({":path", ValueKind::exact, "/", false}, {}));
}

TEST_CASE(":path and host are what the request is for, not how that was written") {
  const auto holds = [](const char* name, const char* value, const Incoming& request) {
    resources::HttpMatcher source;
    source.headers.push_back(scene::header(name, value));
    return takes(source, request);
  };
  // RFC 9112 §3.2.2: an absolute target says the host, and a Host beside it is ignored.
  Incoming absolute("GET", "a", "/x?y", {{"Host", "b"}});
  absolute.head.target = "http://a/x?y";
  CHECK(holds(":path", "/x?y", absolute));
  CHECK_FALSE(holds(":path", "http://a/x?y", absolute));
  CHECK(holds("host", "a", absolute));
  CHECK_FALSE(holds("host", "b", absolute));
  CHECK(takes_headers({"host", ValueKind::exact, "shop.mesh.internal:80", false},
                      {{"Host", "shop.mesh.internal:80"}}));
  resources::HttpMatcher any_host;
  any_host.headers.push_back({"host", ValueKind::present, "", false});
  CHECK(takes(any_host, Incoming("GET", "", "/", {{"Host", ""}})));
  CHECK_FALSE(takes(any_host, Incoming("GET", "", "/")));
}

TEST_CASE("the first query parameter of a name counts, as it is written") {
  CHECK(takes_query({"v", ValueKind::exact, "1", false}, "/?a=0&v=1&v=2"));
  CHECK_FALSE(takes_query({"v", ValueKind::exact, "2", false}, "/?v=1&v=2"));
  CHECK_FALSE(takes_query({"v", ValueKind::exact, "1", false}, "/?V=1"));
  CHECK(takes_query({"v", ValueKind::exact, "", false}, "/?v"));
  CHECK(takes_query({"v", ValueKind::exact, "a=b", false}, "/?v=a=b"));
  CHECK_FALSE(takes_query({"v", ValueKind::exact, "a b", false}, "/?v=a%20b"));
  CHECK(takes_query({"v", ValueKind::present, "", false}, "/?x&v"));
  CHECK_FALSE(takes_query({"v", ValueKind::present, "", false}, "/?vv=1"));
  CHECK(takes_query({"v", ValueKind::regex, "[12]", false}, "/?v=2"));
  CHECK_FALSE(takes_query({"v", ValueKind::regex, "[12]", false}, "/?v=23"));
  CHECK_FALSE(takes_query({"v", ValueKind::exact, "", false}, "/"));
}

TEST_CASE("a method is exact and a port is the listener's") {
  CHECK(takes(scene::method("GET"), Incoming("GET", "h", "/")));
  CHECK_FALSE(takes(scene::method("GET"), Incoming("POST", "h", "/")));
  resources::HttpMatcher port;
  port.port = 9080;
  CHECK(takes(port, Incoming("GET", "h:80", "/", {}, 9080)));
  CHECK_FALSE(takes(port, Incoming("GET", "h:9080", "/", {}, 80)));
}

TEST_CASE("what does not hold is said with what was found and what was wanted") {
  const auto why = [](const resources::HttpMatcher& source, const Incoming& request) {
    std::vector<MatcherError> errors;
    const auto matcher = compile_matcher(source, errors);
    const auto miss = mismatch(matcher, request.value);
    return miss ? describe(matcher, *miss, request.value) : "";
  };
  CHECK(why(scene::prefix("/a"), Incoming("GET", "h", "/b?c")) == "path is /b, wanted prefix /a");
  auto folded = scene::exact("/A");
  folded.path->ignore_case = true;
  CHECK(why(folded, Incoming("GET", "h", "/b")) == "path is /b, wanted exact /A, ignoring case");
  CHECK(why(scene::method("POST"), Incoming("GET", "h", "/")) == "method is GET, wanted POST");
  auto user = scene::prefix("/");
  user.headers.push_back(scene::header("x-user", "jason"));
  CHECK(why(user, Incoming("GET", "h", "/")) == "header x-user is absent, wanted \"jason\"");
  CHECK(why(user, Incoming("GET", "h", "/", {{"X-User", "amy"}})) ==
        "header x-user is \"amy\", wanted \"jason\"");
  CHECK(why(user, Incoming("GET", "h", "/", {{"X-User", "jason"}})) == "");
}

TEST_CASE("patterns that RE2 refuses are errors with their field") {
  auto source = scene::regex("/(");
  source.headers.push_back({"a", ValueKind::regex, "(?=x)", false});
  source.query.push_back({"b", ValueKind::regex, "[", false});
  std::vector<MatcherError> errors;
  compile_matcher(source, errors);
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].field == "uri.regex");
  CHECK(errors[1].field == "headers[0].value");
  CHECK(errors[2].field == "queryParameters[0].value");
}

TEST_CASE("the literal prefix of a pattern is what every match begins with") {
  const auto prefix = [](std::string_view text) {
    return Pattern::compile(text).value().literal_prefix();
  };
  CHECK(prefix("/foo/[0-9]+") == "/foo/");
  CHECK(prefix("^/foo/.*") == "/foo/");
  CHECK(prefix("/foo*") == "/fo");
  CHECK(prefix("/foo\\.json") == "/foo.json");
  CHECK(prefix("\\/a\\-b(?:/x)") == "/a-b");
  CHECK(prefix("/a|/b") == "");
  CHECK(prefix("(?i)/a") == "");
  CHECK(prefix("\\Q/a\\E") == "");
  CHECK(prefix("/\\d+") == "/");
}
