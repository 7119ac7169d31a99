#include "discovery/verdict_log.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;
using State = Verdict::State;

namespace {

constexpr base::TimePoint kNow{1h};

Verdict verdict(const std::string& cluster, State state = State::fresh) {
  return {{cluster, 0}, state, 1, false, {}, {}};
}

std::vector<std::string> clusters(const std::vector<Verdict>& verdicts) {
  std::vector<std::string> names;
  for (const auto& one : verdicts) names.push_back(one.origin.cluster);
  return names;
}

}  // namespace

TEST_CASE("Who is behind in the log gets the newest of each origin, once") {
  VerdictLog log;
  std::uint64_t place = 0;
  log.note(verdict("a"), kNow);
  log.note(verdict("b"), kNow);
  log.note(verdict("a", State::suspect), kNow - 3s);
  CHECK(clusters(log.since(place, kNow)) == std::vector<std::string>{"b", "a"});
  CHECK(log.since(place, kNow).empty());
  CHECK(place == log.newest());
}

TEST_CASE("A verdict is told again when anything of it differs, a fresh one's age aside") {
  VerdictLog log;
  log.note(verdict("a"), kNow);
  const auto before = log.newest();
  log.note(verdict("a"), kNow + 1s);
  CHECK(log.newest() == before);
  log.note(verdict("a", State::stale), kNow + 1s);
  log.note(verdict("a", State::stale), kNow + 2s);
  CHECK(log.newest() == before + 2);
  auto failing = verdict("a", State::stale);
  failing.failed = {*base::SocketAddress::parse("10.0.0.1:80")};
  log.note(failing, kNow + 2s);
  CHECK(log.newest() == before + 3);
  std::uint64_t place = 0;
  const auto told = log.since(place, kNow + 10s);
  REQUIRE(told.size() == 1);
  CHECK(told.front().age == 8s);
  CHECK(told.front().failed == failing.failed);
}

TEST_CASE("The digest is of what holds now, whatever the way to it") {
  VerdictLog one, other;
  one.note(verdict("a"), kNow);
  one.note(verdict("b", State::dead), kNow);
  one.note(verdict("b"), kNow);
  other.note(verdict("b"), kNow + 5s);
  other.note(verdict("a"), kNow);
  CHECK(one.digest() == other.digest());
  CHECK(one.digest() == digest_of(verdict("a")) + digest_of(verdict("b")));
  other.forget({"a", 0});
  CHECK(one.digest() != other.digest());
}

TEST_CASE("Origins that were forgotten stay in the log, as many as it may keep") {
  VerdictLog log;
  log.note(verdict("alive"), kNow);
  for (std::size_t n = 0; n < VerdictLog::kMaxForgotten + 10; ++n)
    log.forget({"c" + std::to_string(n), 0});
  std::size_t count = 0;
  std::uint64_t place = 0;
  bool alive = false;
  while (place < log.newest())
    for (const auto& told : log.since(place, kNow)) {
      ++count;
      alive |= told.state == State::fresh;
      CHECK((told.state == State::fresh || told.origin.cluster != "c9"));
    }
  CHECK(count == VerdictLog::kMaxForgotten + 1);
  CHECK(alive);
}

TEST_CASE("Every origin that is fresh has spoken since the time that the log tells") {
  VerdictLog log;
  log.note(verdict("a"), kNow - 2s);
  log.note(verdict("b"), kNow - 1s);
  CHECK(log.heard(kNow) == 2s);
  log.note(verdict("a"), kNow);
  CHECK(log.heard(kNow) == 2s);  // until it looks again
  log.settle();
  CHECK(log.heard(kNow) == 1s);
  log.note(verdict("b", State::suspect), kNow - 1s);
  log.settle();
  CHECK(log.heard(kNow) == 0s);
}

TEST_CASE("A frame of verdicts is bounded, and the place says where the next begins") {
  VerdictLog log;
  auto large = verdict("a", State::stale);
  for (std::uint16_t n = 0; n < kMaxFailedTold; ++n)
    large.failed.push_back({base::IpAddress::v4(n), n});
  log.note(large, kNow);
  log.note(verdict("b"), kNow);
  std::uint64_t place = 0;
  CHECK(clusters(log.since(place, kNow)) == std::vector<std::string>{"a"});
  CHECK(clusters(log.since(place, kNow)) == std::vector<std::string>{"b"});
}
