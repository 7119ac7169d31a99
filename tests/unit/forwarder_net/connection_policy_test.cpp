#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n";

std::shared_ptr<const forwarder::TrafficPolicy> rule(const forwarder::ConnectionRule& connections) {
  auto policy = std::make_shared<forwarder::TrafficPolicy>();
  policy->connections = connections;
  return policy;
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
  forwarder::ConnectionRule connections;
  connections.requests = 1;
  ProxyStory story;
  story.policy = rule(connections);
  story.in_flight = std::make_shared<forwarder::InFlight>();
  auto& server = story.server([](const std::string&, std::size_t) {
    return Answer{ok("slow"), Answer::After::keep, 300ms};
  });
  story.publish({{&server}});
  story.start();
  Client first(story), second(story);
  first.send(kGet);
  story.turn_until([&] { return story.in_flight->count() == 1; });
  const auto refused = second.ask(kGet);
  REQUIRE(refused.status == 503);
  REQUIRE(refused.has("X-Nearmost-Reason: too many requests under way"));
  REQUIRE(first.receive().body == "slow");
  story.turn_until([&] { return story.in_flight->count() == 0; });
  REQUIRE(second.ask(kGet).body == "slow");
  REQUIRE(story.totals().overflows == 1);
}

TEST_CASE("who goes while a request is under way leaves its place", "[forwarder_net]") {
  forwarder::ConnectionRule connections;
  connections.requests = 1;
  ProxyStory story;
  story.policy = rule(connections);
  story.in_flight = std::make_shared<forwarder::InFlight>();
  auto& server = story.server([](const std::string&, std::size_t) {
    return Answer{"", Answer::After::stall};
  });
  story.publish({{&server}});
  story.start();
  Client client(story);
  client.send(kGet);
  story.turn_until([&] { return story.in_flight->count() == 1; });
  server.die();
  story.turn_until([&] { return story.in_flight->count() == 0; });
}

TEST_CASE("a client that goes leaves its place, and so does one whose policy is another by now",
          "[forwarder_net]") {
  forwarder::ConnectionRule connections;
  connections.requests = 1;
  ProxyStory story;
  story.policy = rule(connections);
  story.in_flight = std::make_shared<forwarder::InFlight>();
  auto& server = story.server([](const std::string&, std::size_t) {
    return Answer{ok("slow"), Answer::After::keep, 200ms};
  });
  story.publish({{&server}});
  story.start();
  const auto in_flight = story.in_flight;
  Client client(story);
  client.send(kGet);
  story.turn_until([&] { return in_flight->count() == 1; });
  story.policy = nullptr;
  story.in_flight = nullptr;
  story.publish({{&server}});
  Client other(story);
  REQUIRE(other.ask(kGet).body == "slow");
  client.close();
  story.turn_until([&] { return in_flight->count() == 0; });
}

TEST_CASE("an endpoint is ejected for what it answers, and for what it does not",
          "[forwarder_net]") {
  auto policy = std::make_shared<forwarder::TrafficPolicy>();
  policy->outliers.emplace().errors = 2;
  ProxyStory story;
  story.policy = policy;
  const bool dies = GENERATE(false, true);
  auto& bad = story.server([&](const std::string&, std::size_t) {
    return Answer{"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"};
  });
  auto& good = story.server(answer_with("fine"));
  story.publish({{&bad}, {&good}});
  story.start();
  if (dies) bad.die();
  Client client(story);
  int errors = 0;
  for (int i = 0; i < 6; ++i) errors += client.ask(kGet).status == 500;
  REQUIRE(errors == (dies ? 0 : 2));
  REQUIRE(story.totals().ejections == (dies ? 0 : 1));  // who is dead is avoided before that
}
