#include "agent/hand_over.hpp"

#include <catch2/catch.hpp>

using namespace agent;
using namespace std::chrono_literals;
using Reason = discovery::Goodbye::Reason;
using State = discovery::Member::State;

namespace {

Membership members(const std::string& cluster, State state) {
  Membership membership;
  membership.self = {"east", 0};
  membership.members.resize(2);
  membership.members[0].id = {"east", 0};
  membership.members[0].local = true;
  membership.members[1].id = {cluster, 1};
  membership.members[1].state = state;
  return membership;
}

Config east() {
  Config config;
  config.cluster = "east";
  return config;
}

}  // namespace

TEST_CASE("who leaves a sibling serves until nobody knows its address any more", "[agent]") {
  const auto siblings = members("east", State::fresh);
  auto config = east();
  CHECK(hand_over_time(config, Reason::leaving, &siblings) == 6s);
  config.dns.ttl = 500ms;
  config.dns.degraded_ttl = 1s;
  CHECK(hand_over_time(config, Reason::leaving, &siblings) == 2s);
}

TEST_CASE("nobody waits for whom nobody takes over, nor whose sockets stay", "[agent]") {
  const auto siblings = members("east", State::fresh);
  const auto silent = members("east", State::suspect), others = members("west", State::fresh);
  CHECK(hand_over_time(east(), Reason::leaving, &silent) == 0s);
  CHECK(hand_over_time(east(), Reason::leaving, &others) == 0s);
  CHECK(hand_over_time(east(), Reason::leaving, nullptr) == 0s);
  CHECK(hand_over_time(east(), Reason::returning, &siblings) == 0s);
  auto leaf = east();
  leaf.role = Role::leaf;
  CHECK(hand_over_time(leaf, Reason::leaving, &siblings) == 0s);
}
