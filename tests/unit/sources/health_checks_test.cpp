#include "discovery/sources/health_checks.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery::sources;
using Answer = HealthChecks::Answer;

namespace {

EndpointName named(int number) { return {"shop", "web", "10.0.0." + std::to_string(number)}; }

// The clock, the checks, and endpoints that the test plays.
struct Story {
  HealthChecks checks{base::Random(1)};
  base::TimePoint now = base::TimePoint{} + 1h;
  std::map<EndpointName, Answer> answers;  // what is not there answers

  explicit Story(int endpoints) {
    CheckTargets targets;
    for (int i = 1; i <= endpoints; ++i)
      targets[named(i)] = {{*base::IpAddress::parse("10.0.0." + std::to_string(i)), 80}};
    checks.want(targets, now);
  }
  // Asks and answers whoever is due, in steps of 50 ms, as Checker does.
  void pass(base::Duration time) {
    for (const auto end = now + time; now < end; now += 50ms) {
      for (const auto& [endpoint, addresses] : checks.due(now)) {
        const auto answer = answers.find(endpoint);
        checks.answered(endpoint, answer == answers.end() ? Answer::open : answer->second, now);
      }
      checks.judge(now);
    }
  }
  bool fails(int number) const { return checks.failing().contains(named(number)); }
};

}  // namespace

TEST_CASE("the first answer decides, then two that say otherwise", "[sources]") {
  Story story(2);
  story.answers[named(1)] = Answer::refused;
  story.pass(50ms);
  CHECK(story.fails(1));
  CHECK_FALSE(story.fails(2));

  story.answers.clear();
  story.pass(1100ms);
  CHECK(story.fails(1));  // once is not enough
  story.pass(1100ms);
  CHECK_FALSE(story.fails(1));

  story.answers[named(2)] = Answer::silent;
  story.pass(1100ms);
  CHECK_FALSE(story.fails(2));
  story.pass(1100ms);
  CHECK(story.fails(2));
}

TEST_CASE("answers that change each time change nothing", "[sources]") {
  Story story(1);
  for (int i = 0; i < 50; ++i) {
    story.answers[named(1)] = i % 2 ? Answer::refused : Answer::open;
    for (bool asked = false; !asked; story.now += 50ms)
      for (const auto& [endpoint, addresses] : story.checks.due(story.now)) {
        story.checks.answered(endpoint, story.answers[endpoint], story.now);
        asked = true;
      }
    story.checks.judge(story.now);
    CHECK_FALSE(story.fails(1));
  }
}

TEST_CASE("each is asked about once a second, and not all at the same time", "[sources]") {
  Story story(100);
  std::map<EndpointName, int> asked;
  std::size_t most = 0;
  for (const auto end = story.now + 30s; story.now < end; story.now += 50ms) {
    const auto due = story.checks.due(story.now);
    if (story.now > end - 10s) most = std::max(most, due.size());
    for (const auto& [endpoint, addresses] : due) {
      ++asked[endpoint];
      story.checks.answered(endpoint, Answer::open, story.now);
    }
  }
  CHECK(asked.size() == 100);
  for (const auto& [endpoint, times] : asked) {
    CHECK(times >= 26);
    CHECK(times <= 33);
  }
  CHECK(most < 20);
}

TEST_CASE("want of sockets here says nothing of an endpoint", "[sources]") {
  Story story(1);
  story.answers[named(1)] = Answer::not_asked;
  story.pass(5s);
  CHECK_FALSE(story.fails(1));
  story.answers[named(1)] = Answer::refused;
  story.pass(1100ms);
  CHECK(story.fails(1));  // it was the first answer
}

TEST_CASE("where most turn silent at once, our own network is doubted for a while", "[sources]") {
  Story story(12);
  story.answers[named(1)] = Answer::silent;
  story.pass(3s);
  CHECK(story.fails(1));
  CHECK_FALSE(story.checks.doubted());

  for (int i = 2; i <= 8; ++i) story.answers[named(i)] = Answer::silent;
  story.answers[named(9)] = Answer::refused;
  story.pass(5s);
  CHECK(story.checks.doubted());
  CHECK(story.checks.failing().size() <= 7);  // some were believed before there were many
  CHECK(story.fails(1));                      // of before
  CHECK(story.fails(9));                      // a refusal is an answer
  CHECK_FALSE(story.fails(12));
  const auto believed = story.checks.failing();
  story.pass(50s);
  CHECK(story.checks.failing() == believed);
  story.pass(10s);
  CHECK(story.checks.failing().size() == 9);  // for this long it is no mistake of ours
}

TEST_CASE("a network that comes back in time has cost nobody anything", "[sources]") {
  Story story(20);
  story.pass(2s);
  for (int i = 1; i <= 20; ++i) story.answers[named(i)] = Answer::silent;
  std::size_t most = 0;
  for (int i = 0; i < 400; ++i) {
    story.pass(50ms);
    most = std::max(most, story.checks.failing().size());
  }
  CHECK(most <= 10);
  story.answers.clear();
  story.pass(4s);
  CHECK(story.checks.failing().empty());
  CHECK_FALSE(story.checks.doubted());
}

TEST_CASE("a few endpoints are believed, however many of them are silent", "[sources]") {
  Story story(9);
  for (int i = 1; i <= 9; ++i) story.answers[named(i)] = Answer::silent;
  story.pass(3s);
  CHECK(story.checks.failing().size() == 9);
}

TEST_CASE("who is not to be asked any more does not fail, and one with other ports is new",
          "[sources]") {
  Story story(2);
  story.answers[named(1)] = story.answers[named(2)] = Answer::refused;
  story.pass(50ms);
  CHECK(story.checks.failing().size() == 2);
  CheckTargets targets;
  targets[named(2)] = {{*base::IpAddress::parse("10.0.0.2"), 81}};
  story.checks.want(targets, story.now);
  CHECK(story.checks.judge(story.now));
  CHECK(story.checks.failing().empty());
  CHECK(story.checks.due(story.now).size() == 1);  // at once
}

TEST_CASE("no more are asked at a time than the limit, and everybody has a turn", "[sources]") {
  CheckTargets targets;
  for (int i = 0; i < 1000; ++i)
    targets[{"shop", "web", std::to_string(i)}] = {{base::IpAddress::v4(1), 80}};
  HealthChecks checks{base::Random(1)};
  const auto now = base::TimePoint{} + 1h;
  checks.want(targets, now);
  std::set<EndpointName> asked;
  for (int i = 0; i < 4; ++i) {
    const auto due = checks.due(now);
    CHECK(due.size() <= HealthChecks::kMaxAtOnce);
    CHECK(checks.due(now).empty());
    for (const auto& [endpoint, addresses] : due) {
      asked.insert(endpoint);
      checks.answered(endpoint, Answer::open, now);
    }
  }
  CHECK(asked.size() == 1000);
}
