#include "agent/admin_guard.hpp"

#include <catch2/catch.hpp>

using namespace agent;

namespace {

bool answered(std::string_view host, std::vector<forwarder::http::Header> headers = {}) {
  HttpRequest request{"GET", "/api/v1/status", "", host, headers, "", {}};
  return !refuse_foreign(request);
}

}  // namespace

TEST_CASE("the admin listener is asked under this host's own names only", "[agent]") {
  for (const auto* host : {"127.0.0.1", "127.0.0.1:7780", "127.9.8.7:1", "localhost",
                           "LocalHost:80", "localhost.", "[::1]:7780", "[::1]"})
    CHECK(answered(host));
  for (const auto* host : {"", "evil.example", "evil.example:7780", "localhost.evil.example",
                           "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "[::1", "0.0.0.0"})
    CHECK_FALSE(answered(host));
}

TEST_CASE("the admin listener answers no web page", "[agent]") {
  CHECK(answered("127.0.0.1", {{"Accept", "*/*"}, {"Sec-Fetch-Site", "none"}}));
  CHECK_FALSE(answered("127.0.0.1", {{"Origin", "https://evil.example"}}));
  CHECK_FALSE(answered("127.0.0.1", {{"origin", "null"}}));
  CHECK_FALSE(answered("127.0.0.1", {{"sec-fetch-site", "cross-site"}}));
  CHECK_FALSE(answered("127.0.0.1", {{"Sec-Fetch-Site", "same-origin"}}));
}
