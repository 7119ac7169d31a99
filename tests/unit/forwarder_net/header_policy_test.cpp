#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

namespace {

std::shared_ptr<const forwarder::Treatment> stamps() {
  auto treatment = std::make_shared<forwarder::Treatment>();
  treatment->request = {{"x-debug"}, {{"X-Mesh", "yes"}}};
  treatment->response = {{"server"}, {{"X-Served-By", "mesh"}}};
  return treatment;
}

}  // namespace

TEST_CASE("fields go up and come back as a route's policies want", "[forwarder_net]") {
  ProxyStory story;
  story.treatment = stamps();
  auto& server = story.server(
      [](const std::string&, std::size_t) { return Answer{ok("fine", "Server: secret\r\n")}; });
  story.publish({{&server}});
  story.start();
  Client client(story);
  const auto response =
      client.ask("GET / HTTP/1.1\r\nHost: svc.test\r\nX-Debug: 1\r\nX-Stays: 1\r\n\r\n");
  REQUIRE(response.status == 200);
  const auto& request = server.requests.at(0);
  REQUIRE(request.find("X-Debug") == std::string::npos);
  REQUIRE(request.find("X-Stays: 1\r\n") != std::string::npos);
  REQUIRE(request.find("X-Mesh: yes\r\n") != std::string::npos);
  REQUIRE_FALSE(response.has("secret"));
  REQUIRE(response.has("X-Served-By: mesh\r\n"));
}

TEST_CASE("a route's own answer has its policies' fields, a failure has not", "[forwarder_net]") {
  ProxyStory story;
  story.treatment = stamps();
  story.publish({});
  story.start();
  Client client(story);
  const std::string get = "GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n";
  const auto failure = client.ask(get);
  REQUIRE(failure.status == 503);
  REQUIRE_FALSE(failure.has("X-Served-By"));
  story.direct_response = "here";
  story.publish({});
  const auto answer = client.ask(get);
  REQUIRE(answer.body == "here");
  REQUIRE(answer.has("X-Served-By: mesh\r\n"));
}

TEST_CASE("what a request needs of its policies outlives the table", "[forwarder_net]") {
  ProxyStory story;
  story.treatment = stamps();
  bool replaced = false;
  auto& server = story.server([&](const std::string&, std::size_t) {
    if (!replaced) {
      story.treatment = nullptr;
      story.publish({});
      story.tables.collect();
      replaced = true;
    }
    return Answer{ok("fine")};
  });
  story.publish({{&server}});
  story.start();
  Client client(story);
  REQUIRE(client.ask("GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n").has("X-Served-By: mesh\r\n"));
}
