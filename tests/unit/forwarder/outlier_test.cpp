#include "forwarder/ejection.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

using namespace forwarder;
using namespace std::chrono_literals;

namespace {

const base::TimePoint kStart{1h};

// Some endpoints of one destination.
struct Story {
  explicit Story(std::size_t members, OutlierRule rule = {}) {
    auto policy = std::make_shared<TrafficPolicy>();
    policy->outliers = rule;
    upstream.policy = std::move(policy);
    auto& tier = upstream.tiers.emplace_back();
    for (std::size_t i = 0; i < members; ++i) {
      upstream.outliers.push_back(std::make_shared<Outlier>());
      auto& member = tier.members.emplace_back();
      member.slot = static_cast<SlotId>(i);
      member.outlier = upstream.outliers.back().get();
    }
  }
  Upstream upstream;
  base::TimePoint now = kStart;

  bool sees(std::uint16_t status, std::size_t member = 0) {
    return judge(upstream, upstream.tiers[0].members[member], status, now);
  }
  bool sees_many(int times, std::uint16_t status, std::size_t member = 0) {
    bool ejected = false;
    for (int i = 0; i < times; ++i) ejected = sees(status, member);
    return ejected;
  }
  bool ejected(std::size_t member = 0) const { return upstream.outliers[member]->ejected(now); }
  // Until it is back.
  base::Duration lasts() {
    const auto from = now;
    while (ejected()) now += 1s;
    return now - from;
  }
};

}  // namespace

TEST_CASE("so many errors in a row eject an endpoint, for the base time", "[outlier]") {
  Story story(3);
  CHECK_FALSE(story.sees_many(4, 500));
  CHECK_FALSE(story.sees(404));  // an answer
  CHECK_FALSE(story.sees_many(4, 500));
  CHECK_FALSE(story.ejected());
  CHECK(story.sees(0));
  CHECK(story.ejected());
  CHECK_FALSE(story.ejected(1));
  CHECK(story.lasts() == 30s);
}

TEST_CASE("who comes back fails once and is ejected again, for longer, or answers and is well",
          "[outlier]") {
  OutlierRule rule;
  rule.interval = 10s;
  Story story(3, rule);
  REQUIRE(story.sees_many(5, 500));
  story.lasts();
  CHECK(story.sees(500));
  CHECK(story.lasts() == 60s);
  CHECK_FALSE(story.sees(200));
  CHECK_FALSE(story.sees_many(4, 500));
  CHECK(story.sees(500));
  CHECK(story.lasts() == 90s);
}

TEST_CASE("each interval without an ejection takes one off, down to the first", "[outlier]") {
  Story story(3);
  REQUIRE(story.sees_many(5, 500));
  story.lasts();
  REQUIRE(story.sees(500));
  story.lasts();
  REQUIRE(story.sees(500));
  REQUIRE(story.lasts() == 90s);
  story.now += 20s;
  REQUIRE(story.sees(500));
  CHECK(story.lasts() == 60s);
  story.now += 1h;
  REQUIRE(story.sees(500));
  CHECK(story.lasts() == 30s);
}

TEST_CASE("no ejection lasts longer than five minutes, or the base time", "[outlier]") {
  const auto base = GENERATE(1min, 10min);
  OutlierRule rule;
  rule.ejection = base;
  Story story(2, rule);
  REQUIRE(story.sees_many(5, 500));
  base::Duration last{};
  for (int i = 0; i < 20; ++i) {
    last = story.lasts();
    REQUIRE(story.sees(500));
  }
  CHECK(last == (base == 1min ? 5min : 10min));
}

TEST_CASE("gateway errors have a count of their own where the policy gives one", "[outlier]") {
  OutlierRule rule;
  rule.gateway_errors = 2;
  Story story(3, rule);
  CHECK_FALSE(story.sees(502));
  CHECK_FALSE(story.sees(500));  // no gateway error: the row is broken
  CHECK_FALSE(story.sees(503));
  CHECK(story.sees(504));
  CHECK_FALSE(story.sees_many(4, 501, 1));
  CHECK(story.sees(0, 1));  // the fifth error
}

TEST_CASE("no more than the percentage is ejected, but one always may be", "[outlier]") {
  OutlierRule rule;
  rule.errors = 1;
  rule.max_percent = 0;
  Story none(4, rule);
  CHECK(none.sees(500, 0));
  CHECK_FALSE(none.sees(500, 1));
  none.lasts();
  CHECK(none.sees(500, 1));

  rule.max_percent = 50;
  Story half(4, rule);
  CHECK(half.sees(500, 0));
  CHECK(half.sees(500, 1));
  CHECK_FALSE(half.sees(500, 2));

  rule.max_percent = 100;
  Story all(2, rule);
  CHECK(all.sees(500, 0));
  CHECK(all.sees(500, 1));
}

TEST_CASE("an endpoint that is ejected is not ejected again by what was under way", "[outlier]") {
  Story story(2);
  REQUIRE(story.sees_many(5, 500));
  story.now += 10s;
  CHECK_FALSE(story.sees_many(5, 500));
  CHECK(story.lasts() == 20s);
  CHECK(story.upstream.outliers[0]->ejections() == 1);
}

TEST_CASE("without a policy nothing is held against an endpoint", "[outlier]") {
  const Upstream upstream;
  CHECK_FALSE(judge(upstream, Member{}, 500, kStart));
}

TEST_CASE("who was ejected for gateway errors is on probation for those alone", "[outlier]") {
  OutlierRule rule;
  rule.errors = 1000;
  rule.gateway_errors = 3;
  Story story(3, rule);
  REQUIRE(story.sees_many(3, 503));
  story.lasts();
  CHECK_FALSE(story.sees(500));
  REQUIRE(story.sees_many(3, 503));
  story.lasts();
  CHECK(story.sees(503));
}

TEST_CASE("however many workers eject at once, one of them does", "[outlier]") {
  OutlierRule rule;
  rule.errors = 1;
  rule.interval = 1ms;
  rule.ejection = 1ms;
  Outlier outlier;
  std::atomic<int> ejected = 0;
  for (int round = 1; round <= 200; ++round) {
    const auto now = kStart + round * 10ms;
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 2; ++worker)
      workers.emplace_back([&] {
        if (outlier.saw(Outlier::Seen::error, rule) && outlier.eject(now, rule)) ++ejected;
      });
    for (auto& worker : workers) worker.join();
    CHECK(outlier.ejected(now));
  }
  CHECK(ejected == 200);
}
