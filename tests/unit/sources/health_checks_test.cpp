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

  explicit Story(int endpoints, const resources::HealthCheck& how = {}) {
    CheckTargets targets;
    for (int i = 1; i <= endpoints; ++i)
      targets[named(i)] = {{{base::IpAddress::v4(0x0a000000u + static_cast<std::uint32_t>(i)), 80}},
                           how};
    checks.want(targets, now);
  }
  // Asks and answers whoever is due, in steps of 50 ms, as Checker does.
  void pass(base::Duration time) {
    for (const auto end = now + time; now < end; now += 50ms) {
      for (const auto& question : checks.due(now)) {
        const auto answer = answers.find(question.endpoint);
        checks.answered(question, answer == answers.end() ? Answer::open : answer->second, now);
      }
      checks.judge(now);
      most = std::max(most, checks.failing().size());
    }
  }
  std::size_t most = 0;  // that failed at a time
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

TEST_CASE("how often and how many times is the document's to say", "[sources]") {
  resources::HealthCheck how;
  how.every = 10s, how.fall = 3, how.rise = 1;
  Story story(1, how);
  story.pass(50ms);
  story.answers[named(1)] = Answer::refused;
  story.pass(25s);
  CHECK_FALSE(story.fails(1));
  story.pass(10s);
  CHECK(story.fails(1));
  story.answers.clear();
  story.pass(12s);
  CHECK_FALSE(story.fails(1));
}

TEST_CASE("who answers wrongly is down, with what was wrong at the fall", "[sources]") {
  Story story(1);
  const auto hear = [&](Answer answer, const std::string& said) {
    for (bool asked = false; !asked; story.now += 50ms)
      for (const auto& question : story.checks.due(story.now)) {
        story.checks.answered(question, answer, story.now, said);
        asked = true;
      }
    story.checks.judge(story.now);
    return story.checks.failing();
  };
  CHECK(hear(Answer::wrong, "answers 503") == Failing{{named(1), "answers 503"}});
  CHECK(hear(Answer::wrong, "answers 500") == Failing{{named(1), "answers 503"}});
  CHECK(story.checks.down(story.now).front().why == "answers 500");
  CHECK(hear(Answer::open, "") == Failing{{named(1), "answers 503"}});  // one of two
  CHECK(hear(Answer::open, "").empty());
}

TEST_CASE("answers that change each time change nothing", "[sources]") {
  Story story(1);
  for (int i = 0; i < 50; ++i) {
    story.answers[named(1)] = i % 2 ? Answer::refused : Answer::open;
    for (bool asked = false; !asked; story.now += 50ms)
      for (const auto& question : story.checks.due(story.now)) {
        story.checks.answered(question, story.answers[question.endpoint], story.now);
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
    for (const auto& question : due) {
      ++asked[question.endpoint];
      story.checks.answered(question, Answer::open, story.now);
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
  CHECK_FALSE(story.fails(1));
  story.pass(1100ms);
  CHECK(story.fails(1));
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
  CHECK(story.checks.failing() ==
        Failing{{named(1), "does not answer"},
                {named(9), "refuses connections"}});  // of before; and no is an answer
  story.pass(50s);
  CHECK(story.most == 2);
  story.pass(10s);
  CHECK(story.checks.failing().size() == 9);  // for this long it is no mistake of ours
}

TEST_CASE("a network that comes back in time has cost nobody anything", "[sources]") {
  const auto endpoints = GENERATE(20, 1000);
  const bool from_the_start = GENERATE(false, true);
  Story story(endpoints);
  if (!from_the_start) story.pass(5s);
  for (int i = 1; i <= endpoints; ++i) story.answers[named(i)] = Answer::silent;
  story.pass(30s);
  CHECK(story.checks.doubted());
  story.answers.clear();
  story.pass(30s);
  CHECK(story.most == 0);
  CHECK_FALSE(story.checks.doubted());
  // And what dies then is found as ever.
  for (int i = 1; i <= endpoints / 4; ++i) story.answers[named(i)] = Answer::silent;
  story.pass(20s);
  CHECK(story.checks.failing().size() == static_cast<std::size_t>(endpoints / 4));
}

TEST_CASE("a few endpoints are believed, however many of them are silent", "[sources]") {
  Story story(9);
  for (int i = 1; i <= 9; ++i) story.answers[named(i)] = Answer::silent;
  story.pass(3s);
  CHECK(story.checks.failing().size() == 9);
}

TEST_CASE("who is not to be asked any more does not fail", "[sources]") {
  Story story(2);
  story.answers[named(1)] = story.answers[named(2)] = Answer::refused;
  story.pass(50ms);
  CHECK(story.checks.failing().size() == 2);
  story.checks.want({{named(2), {{{*base::IpAddress::parse("10.0.0.2"), 80}}}}}, story.now);
  CHECK(story.checks.judge(story.now));
  CHECK(story.checks.failing() == Failing{{named(2), "refuses connections"}});
}

TEST_CASE("an endpoint with other ports stays what it is until it has been asked there",
          "[sources]") {
  Story story(1);
  story.answers[named(1)] = Answer::refused;
  story.pass(50ms);
  story.pass(1s);
  const auto address = *base::IpAddress::parse("10.0.0.1");
  // One is under way when the ports change: its answer says nothing of the others.
  std::vector<HealthChecks::Question> before;
  for (; before.empty(); story.now += 50ms) before = story.checks.due(story.now);
  story.checks.want({{named(1), {{{address, 81}}}}}, story.now);
  CHECK(story.fails(1));
  const auto asked = story.checks.due(story.now);  // at once
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].target.addresses == CheckedAddresses{{address, 81}});
  story.checks.answered(before[0], Answer::open, story.now);
  story.checks.answered(asked[0], Answer::open, story.now);
  story.checks.judge(story.now);
  CHECK(story.fails(1));  // one answer of two
  story.answers.clear();
  story.pass(1100ms);
  CHECK_FALSE(story.fails(1));
}

TEST_CASE("no more are asked at a time than the limit, and everybody has a turn", "[sources]") {
  CheckTargets targets;
  for (int i = 0; i < 1000; ++i)
    targets[{"shop", "web", std::to_string(i)}] = {{{base::IpAddress::v4(1), 80}}};
  HealthChecks checks{base::Random(1)};
  const auto now = base::TimePoint{} + 1h;
  checks.want(targets, now);
  std::set<EndpointName> asked;
  for (int i = 0; i < 4; ++i) {
    const auto due = checks.due(now);
    CHECK(due.size() <= HealthChecks::kMaxAtOnce);
    CHECK(checks.due(now).empty());
    for (const auto& question : due) {
      asked.insert(question.endpoint);
      checks.answered(question, Answer::open, now);
    }
  }
  CHECK(asked.size() == 1000);
}
