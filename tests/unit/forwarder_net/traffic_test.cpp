// What is counted of routes and destinations.
#include "forwarder/net/traffic.hpp"

#include <thread>

#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using forwarder::net::Traffic;
using forwarder::net::TrafficCounts;

namespace {

std::map<std::string, TrafficCounts> sums_of(const Traffic& traffic) {
  std::map<std::string, TrafficCounts> sums;
  traffic.add_to(sums);
  return sums;
}

}  // namespace

TEST_CASE("answers are counted by class and by how long they took", "[forwarder_net]") {
  Traffic traffic;
  auto& entry = traffic.of("a");
  for (const auto status : {0, 101, 200, 204, 302, 404, 503, 999})
    entry.add(static_cast<std::uint16_t>(status), 0us);
  entry.add(200, 500us);
  entry.add(200, 501us);
  entry.add(200, 10s);
  entry.add(200, 11s);
  CHECK(&traffic.of("a") == &entry);
  const auto counts = sums_of(traffic).at("a");
  CHECK(counts.by_class == std::array<std::uint64_t, 6>{1, 1, 6, 1, 1, 2});
  CHECK(counts.by_latency == std::array<std::uint64_t, 13>{9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1});
  CHECK(counts.microseconds == 21'001'001);
  CHECK(counts.requests() == 12);
}

TEST_CASE("names are summed over workers, and there is an end to them", "[forwarder_net]") {
  Traffic one, other;
  for (std::size_t n = 0; n < Traffic::kMost + 5; ++n)
    one.of("route" + std::to_string(n)).add(200, 1ms);
  other.of("route7").add(500, 1ms);
  auto sums = sums_of(one);
  other.add_to(sums);
  CHECK(sums.size() == Traffic::kMost + 1);
  CHECK(sums.at("route7").requests() == 2);
  CHECK(sums.at(std::string(Traffic::kOthers)).requests() == 5);
}

TEST_CASE("what is counted is read meanwhile", "[forwarder_net]") {
  Traffic traffic;
  std::thread worker([&] {
    for (int n = 0; n < 20'000; ++n) traffic.of(std::to_string(n % 700)).add(200, 1ms);
  });
  std::uint64_t before = 0;
  for (int n = 0; n < 50; ++n) {
    std::uint64_t all = 0;
    for (const auto& [name, counts] : sums_of(traffic)) all += counts.requests();
    CHECK(all >= before);
    before = all;
  }
  worker.join();
  CHECK(sums_of(traffic).size() == 700);
}

TEST_CASE("each request counts for its route and its destination", "[forwarder_net]") {
  ProxyStory story;
  auto& server = story.server(answer_with("hello"));
  story.publish({{&server}});
  story.start();
  Client client(story);
  for (int n = 0; n < 3; ++n)
    REQUIRE(client.ask("GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n").status == 200);
  REQUIRE(client.ask("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n").status == 404);
  story.turn_until([&] { return story.totals().requests_active == 0; });
  const auto traffic = story.forwarder.traffic();
  REQUIRE(traffic.routes.size() == 2);
  CHECK(traffic.routes.at("(none)").by_class[4] == 1);
  REQUIRE(traffic.destinations.size() == 1);
  CHECK(traffic.destinations.begin()->second.by_class[2] == 3);
}
