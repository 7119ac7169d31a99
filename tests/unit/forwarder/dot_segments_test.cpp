#include "forwarder/dot_segments.hpp"

#include <catch2/catch.hpp>

#include "forwarder/explain.hpp"
#include "tests/unit/forwarder/scene.hpp"

using namespace forwarder;
using namespace scene;

TEST_CASE("dot segments are taken out of a path, and nothing else is changed") {
  struct {
    const char *path, *wanted;  // nullptr: as it is
  } cases[] = {
      {"/a/b/c/./../../g", "/a/g"},  // RFC 3986 §5.2.4
      {"/a/.", "/a/"},
      {"/a/..", "/"},
      {"/..", "/"},
      {"/../../a", "/a"},
      {"/a/%2e%2E/b", "/b"},
      {"/a/.%2e/b", "/b"},
      {"/a/%2E/b", "/a/b"},
      {"/a//../b", "/a/b"},
      {"//./a", "//a"},
      {"/a/...", nullptr},
      {"/a/.b/c.", nullptr},
      {"/a/..;x/b", nullptr},
      {"/a%2f..%2fb", nullptr},
      {"/a//b", nullptr},
      {"/%2fa", nullptr},
      {"/", nullptr},
      {"*", nullptr},
  };
  for (const auto& [path, wanted] : cases) {
    INFO(path);
    const auto result = without_dot_segments(path);
    REQUIRE(result.has_value() == (wanted != nullptr));
    if (wanted) CHECK(*result == wanted);
  }
}

TEST_CASE("no detour leads past a route, and the upstream gets the path that was matched") {
  Mesh mesh;
  mesh.has("east", "ratings", {"10.0.0.1"});
  const auto compiled =
      mesh.compile({table("main", {"h"},
                          {route({prefix("/admin")}, resources::DirectResponse{403, "no"}),
                           route({}, to("ratings"))})});
  const auto taken = [&](const char* target) {
    return outcome(*compiled.table, Incoming("GET", "h", target));
  };
  const auto refused = taken("/admin");
  CHECK(refused.starts_with("403 "));
  CHECK(taken("/x/../admin") == refused);
  CHECK(taken("/x/%2e%2e/./admin/y") == refused);
  CHECK(taken("/admin/../x?a=/../b").ends_with(" /x?a=/../b"));

  auto by_header = prefix("/");
  by_header.headers.push_back(header(":path", "/admin?x"));
  const auto guarded = mesh.compile({table("main", {"h"}, {route({by_header}, says("seen"))})});
  CHECK(outcome(*guarded.table, Incoming("GET", "h", "/x/../admin?x")) == "200 seen");

  const Incoming detour("GET", "h", "/x/../admin");
  const auto explanation = explain(*compiled.table, detour.value);
  REQUIRE(explanation.reply);
  CHECK(explanation.reply->status == 403);
}
