// What operators are told of another cluster: by whom it is heard, whether it can be reached, why
// it is left out.
#include "agent/member_report.hpp"

#include "agent/metrics.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using discovery::Member;
using Path = Member::Path;
using State = Member::State;

namespace {

Member member(State state, Path path, std::string via) {
  Member member;
  member.id = {"east", 0};
  member.state = state;
  member.path = path;
  member.via = std::move(via);
  member.age = 400ms;
  return member;
}

std::string detail(const Member& member) { return agent::report({member})[0].at("detail"); }

}  // namespace

TEST_CASE("a cluster that others hear and that cannot be reached from here is told as such",
          "[agent]") {
  const auto east = member(State::demoted, Path::fails, "eu");
  const auto json = agent::report({east})[0];
  CHECK(json.at("via") == "eu");
  CHECK(json.at("path") == "fails");
  CHECK(json.at("detail") == "its endpoints do not answer from here");
  CHECK(json.at("propagationMs").is_null());
  CHECK(agent::trouble_of(east) ==
        "cluster east is left out: its endpoints do not answer from here; heard by eu 400ms ago");
}

TEST_CASE("who is well is no trouble, bridged or not", "[agent]") {
  for (const auto& well : {member(State::fresh, Path::direct, "direct"),
                           member(State::fresh, Path::nothing_to_ask, "eu"),
                           member(State::fresh, Path::unknown, "eu")}) {
    CHECK(agent::trouble_of(well).empty());
    CHECK(detail(well).empty());
  }
  CHECK(detail(member(State::fresh, Path::answers, "eu")) ==
        "no link; its endpoints answer from here");
}

TEST_CASE("the silent are told by how long they are silent", "[agent]") {
  auto east = member(State::stale, Path::answers, "");
  east.age = 4s;
  CHECK(agent::trouble_of(east) == "cluster east is silent for 4.0s");
  CHECK(detail(east) == "silent; its endpoints answer from here");
  east.age.reset();
  CHECK(agent::trouble_of(east) == "cluster east is known from disk only");
}

TEST_CASE("a change takes half of the round trip", "[agent]") {
  auto east = member(State::fresh, Path::direct, "direct");
  CHECK_FALSE(agent::propagation(east));
  east.round_trip = 5ms;
  CHECK(agent::propagation(east) == 2500us);
  CHECK(agent::report({east})[0].at("propagationMs") == 2.5);
}

TEST_CASE("metrics tell who is left out, by whom each is heard and how long a change takes",
          "[agent]") {
  agent::Membership membership;
  membership.members = {member(State::demoted, Path::fails, "eu")};
  membership.members.push_back(member(State::fresh, Path::direct, "direct"));
  membership.members.back().id = {"eu", 0};
  membership.members.back().round_trip = 500ms;
  agent::Metrics metrics;
  agent::add(metrics, membership, {});
  const auto text = metrics.to_string();
  for (const char* line :
       {"nearmost_member_demoted{member=\"east\"} 1", "nearmost_member_demoted{member=\"eu\"} 0",
        "nearmost_member_via{member=\"east\",via=\"eu\"} 1",
        "nearmost_member_via{member=\"eu\",via=\"direct\"} 1",
        "nearmost_member_propagation_seconds{member=\"eu\"} 0.25"})
    CHECK_THAT(text, Contains("\n" + std::string(line) + "\n"));
  CHECK_THAT(text, !Contains("nearmost_member_propagation_seconds{member=\"east\"}"));
}
