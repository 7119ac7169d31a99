#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

std::shared_ptr<const forwarder::TrafficPolicy> rule(const forwarder::ConnectionRule& connections) {
  auto policy = std::make_shared<forwarder::TrafficPolicy>();
  policy->connections = connections;
  return policy;
}

// One request at once to one server.
struct OneAtOnce : ProxyStory {
  explicit OneAtOnce(Script script) {
    forwarder::ConnectionRule connections;
    connections.requests = 1;
    policy = rule(connections);
    in_flight = count;
    served = &server(std::move(script));
    publish({{served}});
    start();
  }
  void wait_for(std::uint32_t requests) {
    turn_until([&] { return count->count() == requests; });
  }
  const std::shared_ptr<forwarder::InFlight> count = std::make_shared<forwarder::InFlight>();
  Server* served = nullptr;
};

Script slow(base::Duration thinks) {
  return [thinks](const std::string&, std::size_t) {
    return Answer{ok("slow"), Answer::After::keep, thinks};
  };
}

}  // namespace

TEST_CASE("a connection serves as many requests as a policy says", "[forwarder_net]") {
  forwarder::ConnectionRule connections;
  connections.requests_each = GENERATE(0u, 2u);
  ProxyStory story;
  story.policy = rule(connections);
  auto& server = story.server(answer_with("fine"));
  story.publish({{&server}});
  story.start();
  Client client(story);
  for (int i = 0; i < 5; ++i) REQUIRE(client.ask(kGet).body == "fine");
  REQUIRE(server.connections == (connections.requests_each == 0 ? 1 : 3));
}

TEST_CASE("a connection in the pool waits as long as a policy says", "[forwarder_net]") {
  forwarder::ConnectionRule connections;
  connections.idle = 50ms;
  ProxyStory story;
  story.policy = rule(connections);
  auto& server = story.server(answer_with("fine"));
  story.publish({{&server}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).body == "fine");
  const auto until = story.loop->now() + 500ms;
  story.turn_until([&] { return story.loop->now() > until; });
  REQUIRE(client.ask(kGet).body == "fine");
  REQUIRE(server.connections == 2);
}

TEST_CASE("what is above a policy's bound is answered at once, and room is made by an answer",
          "[forwarder_net]") {
  OneAtOnce story(slow(300ms));
  Client first(story), second(story);
  first.send(kGet);
  story.wait_for(1);
  const auto refused = second.ask(kGet);
  REQUIRE(refused.status == 503);
  REQUIRE(refused.has("X-Nearmost-Reason: too many requests under way"));
  REQUIRE(first.receive().body == "slow");
  story.wait_for(0);
  REQUIRE(second.ask(kGet).body == "slow");
  REQUIRE(story.totals().overflows == 1);
}

TEST_CASE("whose upstream dies leaves its place", "[forwarder_net]") {
  OneAtOnce story([](const std::string&, std::size_t) { return Answer{"", Answer::After::stall}; });
  Client client(story);
  client.send(kGet);
  story.wait_for(1);
  story.served->die();
  story.wait_for(0);
}

TEST_CASE("who goes, under a policy that is another by now, leaves its place", "[forwarder_net]") {
  OneAtOnce story(slow(200ms));
  Client client(story);
  client.send(kGet);
  story.wait_for(1);
  story.policy = nullptr;
  story.in_flight = nullptr;
  story.publish({{story.served}});
  client.close();
  Client other(story);
  REQUIRE(other.ask(kGet).body == "slow");
  story.wait_for(0);
}
