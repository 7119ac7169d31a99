#include "forwarder/path_rewrite.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/forwarder/scene.hpp"

using namespace forwarder;
using namespace scene;

namespace {

std::string rewritten(const resources::HttpMatcher& source, const std::string& replacement,
                      std::string_view path) {
  std::vector<MatcherError> errors;
  return rewrite_path({replacement, {}, ""}, compile_matcher(source, errors), path);
}

std::string replaced(std::string_view pattern, std::string substitution, std::string_view path) {
  return rewrite_path({"", Pattern::compile(pattern).value(), std::move(substitution)}, {}, path);
}

// What goes upstream of a route with this action.
Forward forwarded(resources::ForwardTo action, resources::HttpMatcher matcher,
                  std::string_view target, std::string_view host = "h") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"});
  action.destinations = {service("ratings")};
  const auto compiled = mesh.compile({table("main", {"h", "*"}, {route({matcher}, action)})});
  const auto decision = decide(*compiled.table, Incoming("GET", host, target));
  return *std::get_if<Forward>(&decision.action);
}

}  // namespace

TEST_CASE("a prefix is replaced and the rest kept, with one slash where they meet") {
  struct {
    const char *prefix, *replacement, *path, *wanted;
  } cases[] = {
      {"/common", "/", "/common/api", "/api"},  // Istio: "//api"
      {"/common", "/", "/common", "/"},
      {"/common/", "/", "/common/api", "/api"},
      {"/v1", "/v2", "/v1/x", "/v2/x"},
      {"/v1", "/v2", "/v1beta", "/v2beta"},
      {"/v1/", "/v2/", "/v1/x", "/v2/x"},
      {"/a", "/b/", "/a//x", "/b//x"},  // only the joint is ours
      {"/", "/api", "/x", "/apix"},
      {"/a", "b", "/a/x", "/b/x"},
  };
  for (const auto& [pattern, replacement, path, wanted] : cases) {
    INFO(pattern << " -> " << replacement << " of " << path);
    CHECK(rewritten(prefix(pattern), replacement, path) == wanted);
  }
}

TEST_CASE("a path-separated prefix is replaced as a prefix is") {
  CHECK(rewritten(separated("/v1"), "/v2", "/v1") == "/v2");
  CHECK(rewritten(separated("/v1"), "/v2", "/v1/") == "/v2/");
  CHECK(rewritten(separated("/v1"), "/v2", "/v1/x") == "/v2/x");
  CHECK(rewritten(separated("/v1"), "/", "/v1/x") == "/x");
  CHECK(rewritten(separated("/v1"), "/", "/v1") == "/");
  resources::ForwardTo action;
  action.path_rewrite = "/v2";
  CHECK(forwarded(action, separated("/v1"), "/v1?q").target == "/v2?q");
}

TEST_CASE("an exact or regex match is replaced whole, no matcher is the prefix /") {
  CHECK(rewritten(exact("/a"), "/b", "/a") == "/b");
  CHECK(rewritten(regex("/a/.*"), "/b", "/a/x") == "/b");
  CHECK(rewritten({}, "/b/", "/x") == "/b/x");
  CHECK(rewritten({}, "/b", "*") == "*");
}

TEST_CASE("regexRewrite replaces every match, with groups") {
  CHECK(replaced("/api/bookinfo/v2/authors/([^.]+).json", R"(/authors/\1.json)",
                 "/api/bookinfo/v2/authors/jo.json") == "/authors/jo.json");
  CHECK(replaced("o", "0", "/foo/o") == "/f00/0");
  CHECK(replaced("^/x", "", "/x/y") == "/y");
  CHECK(replaced(".*", "", "/x") == "/");
}

TEST_CASE("the query is kept and never rewritten") {
  resources::ForwardTo action;
  action.path_rewrite = "/new";
  CHECK(forwarded(action, prefix("/old"), "/old/x?a=/old").target == "/new/x?a=/old");
  // Where nothing is rewritten it is not written down anew.
  CHECK(forwarded({}, prefix("/"), "/x?").target == "");
  CHECK(forwarded({}, prefix("/"), "/y/../x?").target == "/x?");
  // A rewrite may begin a query of its own.
  action.path_rewrite = "";
  action.regex_rewrite = {"^/item/(.*)$", "/item?id=\\1"};
  CHECK(forwarded(action, prefix("/item"), "/item/7").target == "/item?id=7");
  CHECK(forwarded(action, prefix("/item"), "/item/7?a=b").target == "/item?id=7&a=b");
}

TEST_CASE("with delegation the whole concatenated prefix is replaced") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"});
  auto action = to("ratings");
  action.path_rewrite = "/";
  const auto compiled =
      mesh.compile({table("main", {"h"}, {route({prefix("/trackapi/")}, delegate_to({"child"}))}),
                    table("child", {}, {route({prefix("/v1")}, action)})});
  CHECK(outcome(*compiled.table, Incoming("GET", "h", "/trackapi/v1/x")) ==
        "shop/child[0] -> ratings.shop.mesh.internal:80 /x");
}

TEST_CASE("the host goes upstream as it came, as written, or as the destination's") {
  resources::ForwardTo action;
  CHECK(forwarded(action, {}, "/").host == "");
  action.host_rewrite = "example.org";
  CHECK(forwarded(action, {}, "/").host == "example.org");
  action.host_rewrite = "";
  action.auto_host_rewrite = true;
  CHECK(forwarded(action, {}, "/").host == "ratings.shop.mesh.internal");
}

TEST_CASE("a wildcard is nobody's host: where a destination is one, the host goes as it came") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"}).has_virtual("*.shop.example", "ratings");
  resources::ForwardTo action;
  action.auto_host_rewrite = true;
  action.destinations = {virtual_destination("ratings")};
  const auto compiled = mesh.compile({table("main", {"h"}, {route({prefix("/")}, action)})});
  const auto through_a_route = decide(*compiled.table, Incoming("GET", "h", "/"));
  CHECK(std::get_if<Forward>(&through_a_route.action)->host == "");
  const auto by_itself = decide(*compiled.table, Incoming("GET", "any.shop.example", "/"));
  CHECK(&*std::get_if<Forward>(&by_itself.action)->upstream ==
        &*std::get_if<Forward>(&through_a_route.action)->upstream);
  const auto wider = mesh.compile({table("main", {"*.example"}, {route({prefix("/")}, action)})});
  CHECK(decide(*wider.table, Incoming("GET", "any.shop.example", "/")).route ==
        decide(*compiled.table, Incoming("GET", "any.shop.example", "/")).route);
  CHECK(decide(*wider.table, Incoming("GET", "any.example", "/")).route == through_a_route.route);
}

TEST_CASE("a request without a host goes upstream with one") {
  resources::ForwardTo action;
  CHECK(forwarded(action, {}, "/", "").host == "ratings.shop.mesh.internal");
  action.host_rewrite = "example.org";
  CHECK(forwarded(action, {}, "/", "").host == "example.org");
}

TEST_CASE("a rewrite that is likely not meant is a warning") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"});
  const auto warning = [&](const resources::HttpMatcher& matcher, const char* rewrite) {
    auto action = to("ratings");
    action.path_rewrite = rewrite;
    const auto compiled = mesh.compile({table("main", {"h"}, {route({matcher}, action)})});
    return compiled.problems.empty() ? "" : compiled.problems.front().message;
  };
  CHECK(warning(prefix("/"), "/api") ==
        "the prefix / takes its last slash along: /x becomes /apix");
  CHECK(warning(regex("/a.*"), "/b") ==
        "with a regex matcher the whole path is replaced; regexRewrite replaces parts");
  CHECK(warning(prefix("/a"), "/b") == "");
  CHECK(warning(prefix("/a/"), "/b/") == "");
}

TEST_CASE("a regexRewrite that can't be compiled breaks its route") {
  resources::ForwardTo action = to("ratings");
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"});
  const auto field = [&](const char* pattern, const char* substitution) {
    action.regex_rewrite = {pattern, substitution};
    const auto compiled = mesh.compile({table("main", {"h"}, {route({}, action)})});
    REQUIRE(compiled.problems.size() == 1);
    CHECK(outcome(*compiled.table, Incoming("GET", "h", "/")).starts_with("500 "));
    return compiled.problems.front().field;
  };
  CHECK(field("(", "") == "spec.http[0].forwardTo.regexRewrite.pattern");
  CHECK(field("a", R"(\1)") == "spec.http[0].forwardTo.regexRewrite.substitution");
}
