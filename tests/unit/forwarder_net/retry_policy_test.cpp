#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

const std::string kBusy = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";

std::shared_ptr<const forwarder::Treatment> rule(const forwarder::RetryRule& rule) {
  auto treatment = std::make_shared<forwarder::Treatment>();
  treatment->retry = rule;
  return treatment;
}

forwarder::RetryRule on_status(std::uint16_t status, std::uint32_t most = 2) {
  forwarder::RetryRule made;
  made.most = most;
  made.on.emplace().statuses = {status};
  return made;
}

// 503 to the first `times` requests, then 200.
Script busy(std::size_t times) {
  return [times, seen = std::size_t{0}](const std::string&, std::size_t) mutable {
    return seen++ < times ? Answer{kBusy} : Answer{ok("fine")};
  };
}

const Script kStalls = [](const std::string&, std::size_t) {
  return Answer{"", Answer::After::stall};
};

}  // namespace

TEST_CASE("a status that a policy names is asked again, of the same endpoint too",
          "[forwarder_net]") {
  ProxyStory story;
  const std::string request = GENERATE(kGet, kPost);
  story.treatment = rule(on_status(503));
  auto& server = story.server(busy(2));
  story.publish({{&server}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(request).body == "fine");
  REQUIRE(server.requests.size() == 3);
  REQUIRE(server.requests[2] == server.requests[0]);
  REQUIRE(story.totals().policy_retries == 2);
  REQUIRE(client.ask(request).body == "fine");  // the connection goes on
}

TEST_CASE("another endpoint is asked before the same one", "[forwarder_net]") {
  ProxyStory story;
  story.treatment = rule(on_status(503));
  auto& tired = story.server(busy(100));
  auto& works = story.server(answer_with("fine"));
  story.publish({{&tired}, {&works}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).body == "fine");
  REQUIRE(tired.requests.size() == 1);
}

TEST_CASE("when the retries are used up the last answer is the client's", "[forwarder_net]") {
  ProxyStory story;
  story.treatment = rule(on_status(503, 1));
  auto& server = story.server(busy(2));
  story.publish({{&server}});
  story.start();
  Client client(story);
  const auto response = client.ask(kGet);
  REQUIRE(response.status == 503);
  REQUIRE(response.body == "busy");
  REQUIRE(server.requests.size() == 2);
}

TEST_CASE("a POST is sent again only where retryOn says what for", "[forwarder_net]") {
  ProxyStory story;
  forwarder::RetryRule by_default;
  by_default.most = 2;
  story.treatment = rule(by_default);
  auto& server = story.server(busy(1));
  story.publish({{&server}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kPost).status == 503);
  server.script = busy(1);
  REQUIRE(client.ask(kGet).body == "fine");
}

TEST_CASE("attempts: 0 sends nothing again but what met a stale connection", "[forwarder_net]") {
  ProxyStory story;
  forwarder::RetryRule never;
  never.most = 0;
  story.treatment = rule(never);
  auto& breaks = story.server([](const std::string&, std::size_t) {
    return Answer{"", Answer::After::reset};
  });
  auto& works = story.server(answer_with("works"));
  story.publish({{&breaks}, {&works}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).status == 502);
  REQUIRE(works.requests.empty());
  works.script = [](const std::string&, std::size_t nth) {
    return nth == 0 ? Answer{ok("fine")} : Answer{"", Answer::After::reset};
  };
  for (int i = 0; i < 4; ++i) REQUIRE(client.ask(kGet).body == "fine");
}

TEST_CASE("a try that waits for too long is given up for another", "[forwarder_net]") {
  ProxyStory story;
  forwarder::RetryRule patient;
  patient.most = 1;
  patient.try_timeout = 20ms;
  story.treatment = rule(patient);
  auto& hangs = story.server(kStalls);
  auto& works = story.server(answer_with("works"));
  story.publish({{&hangs}, {&works}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).body == "works");
  REQUIRE(hangs.requests.size() == 1);
  REQUIRE(client.ask(kGet).body == "works");
  REQUIRE(hangs.requests.size() == 2);  // once is no sign that it is ill
}

TEST_CASE("when a request's time is over it is a 504", "[forwarder_net]") {
  ProxyStory story;
  auto timed = GENERATE(forwarder::RetryRule{}, on_status(503, 100));
  timed.request_timeout = 30ms;
  story.treatment = rule(timed);
  auto& server = story.server(timed.most ? busy(100) : kStalls);
  story.publish({{&server}});
  story.start();
  Client client(story);
  const auto response = client.ask(kGet);
  REQUIRE(response.status == 504);
  REQUIRE(response.has("X-Nearmost-Reason: requestTimeout is over\r\n"));
  REQUIRE(story.totals().out_of_time == 1);
}

TEST_CASE("an answer that is not over when its time is is cut", "[forwarder_net]") {
  ProxyStory story;
  forwarder::RetryRule timed;
  timed.request_timeout = 30ms;
  story.treatment = rule(timed);
  auto& server = story.server([](const std::string&, std::size_t) {
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", Answer::After::stall};
  });
  story.publish({{&server}});
  story.start();
  Client client(story);
  const auto response = client.ask(kGet);
  REQUIRE(response.status == 200);
  REQUIRE_FALSE(response.complete);
  REQUIRE(story.totals().responses_cut == 1);
}

TEST_CASE("the budget bounds the retries under way, and is given back", "[forwarder_net]") {
  ProxyStory story;
  story.treatment = rule(on_status(503, 1));
  auto& refuses = story.server([](const std::string&, std::size_t) { return Answer{kBusy}; });
  auto& hangs = story.server(kStalls);
  story.publish({{&refuses}, {&hangs}});
  story.start();
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t n = 1; n <= forwarder::retries_allowed(1); ++n) {
    clients.push_back(std::make_unique<Client>(story));
    clients.back()->send(kGet);
    story.turn_until([&] { return hangs.requests.size() == n; });
  }
  Client client(story);
  REQUIRE(client.ask(kGet).body == "busy");
  REQUIRE(story.totals().retries_refused == 1);
  hangs.die();  // the requests that hang end
  story.turn_until([&] { return story.totals().requests_active == 0; });
  hangs.script = answer_with("fine");
  hangs.revive();
  story.turn_until([&] { return client.ask(kGet).body == "fine"; });
}
