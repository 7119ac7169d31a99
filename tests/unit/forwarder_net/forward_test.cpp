#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

const std::string kGet = "GET /a?b=c HTTP/1.1\r\nHost: svc.test\r\n\r\n";

}  // namespace

TEST_CASE("requests on one client connection use one upstream connection", "[forwarder_net]") {
  ProxyStory story;
  auto& server = story.server(answer_with("hello"));
  story.publish({{&server}});
  story.start();
  Client client(story);
  for (int i = 0; i < 5; ++i) {
    const auto response = client.ask(kGet);
    REQUIRE(response.status == 200);
    REQUIRE(response.body == "hello");
    REQUIRE(response.complete);
  }
  REQUIRE(server.connections == 1);
  REQUIRE(server.requests.size() == 5);
  REQUIRE(server.requests[0] ==
          "GET /a?b=c HTTP/1.1\r\nHost: svc.test\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n");
  REQUIRE(story.totals().requests == 5);
  REQUIRE(story.totals().reused == 4);
}

TEST_CASE("an unknown host is 404, answered here", "[forwarder_net]") {
  ProxyStory story;
  auto& server = story.server(answer_with("hello"));
  story.publish({{&server}});
  story.start();
  Client client(story);
  const auto response = client.ask("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n");
  REQUIRE(response.status == 404);
  REQUIRE(client.ask(kGet).status == 200);
  REQUIRE(server.requests.size() == 1);
}
