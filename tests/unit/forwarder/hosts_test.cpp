#include "forwarder/hosts.hpp"

#include <catch2/catch.hpp>

using namespace forwarder;

TEST_CASE("a Host header is compared without case, port and one trailing dot") {
  CHECK(normal_host("Reviews.Mesh.Internal:9080") == "reviews.mesh.internal");
  CHECK(normal_host("reviews.mesh.internal.") == "reviews.mesh.internal");
  CHECK(normal_host("reviews.mesh.internal.:80") == "reviews.mesh.internal");
  CHECK(normal_host("a..") == "a.");
  CHECK(normal_host("[::1]:80") == "[::1]");
  CHECK(normal_host("[::1]") == "[::1]");
  CHECK(normal_host("") == "");
  const std::string longer(300, 'a');
  CHECK(normal_host("A" + longer + ".:80") == "a" + longer);
}

TEST_CASE("exact hosts come before suffixes, longer suffixes before shorter, the star last") {
  const char* patterns[] = {"a.foo.com", "*.foo.com", "*-bar.foo.com", "*bar.foo.com", "*"};
  HostIndex index;
  for (std::uint32_t i = 0; i < std::size(patterns); ++i) index.add(patterns[i], i);
  index.seal();
  const auto found = [&](std::string_view host) -> std::string {
    const auto at = index.find(host);
    return at ? patterns[*at] : "none";
  };
  CHECK(found("a.foo.com") == "a.foo.com");
  CHECK(found("b.foo.com") == "*.foo.com");
  CHECK(found("x.y.foo.com") == "*.foo.com");
  CHECK(found("x-bar.foo.com") == "*-bar.foo.com");
  CHECK(found("xbar.foo.com") == "*bar.foo.com");
  CHECK(found("foo.com") == "*");
  CHECK(found("") == "*");
}

TEST_CASE("a wildcard never stands for nothing") {
  HostIndex index;
  index.add("*-bar.foo.com", 0);
  index.add("*.foo.com", 1);
  index.seal();
  CHECK(index.find("-bar.foo.com") == 1u);  // "-bar" stands for the star of the shorter one
  CHECK(index.find(".foo.com") == std::nullopt);
  CHECK(index.find("foo.com") == std::nullopt);
  CHECK(index.find("") == std::nullopt);
}
