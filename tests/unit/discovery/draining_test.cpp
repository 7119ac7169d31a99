#include "discovery/draining.hpp"

#include <array>
#include <map>

#include "base/random.hpp"
#include "discovery/row.hpp"
#include "discovery/row_check.hpp"

#include <catch2/catch.hpp>

using namespace discovery;
using namespace std::chrono_literals;

namespace {

const base::TimePoint kStart{};

view::DrainTarget service(std::string name) {
  return {view::DrainTarget::Kind::service, "shop", std::move(name), {}, 0};
}

view::Drains drains(const Draining& draining, base::TimePoint now = kStart) {
  return heeded({draining.states(now)});
}

// What is left of the only drain at each second, as long as tick() has something to say.
std::vector<int> ticks(Draining& draining, base::TimePoint now, int most = 20) {
  std::vector<int> left;
  for (; most > 0; --most) {
    if (draining.tick(now))
      left.push_back(drains(draining).empty() ? view::kAllLeft : drains(draining).front().left);
    if (draining.deadline() == base::TimePoint::max()) break;
    now = draining.deadline();
  }
  return left;
}

}  // namespace

TEST_CASE("a ramp falls second by second, is nothing at its end and not before", "[discovery]") {
  Draining draining;
  REQUIRE(draining.drain(kStart, service("web"), 4s, 7).ok());
  CHECK(ticks(draining, kStart) == std::vector{999, 750, 500, 250, 0});
  CHECK(drains(draining) == view::Drains{{service("web"), 0}});
  CHECK(draining.deadline() == base::TimePoint::max());
  CHECK(draining.orders() == std::vector<DrainOrder>{{service("web"), 4s, true, {1, 7}}});
}

TEST_CASE("a drain in no time is one step, and what is taken back leaves nothing", "[discovery]") {
  Draining draining;
  REQUIRE(draining.drain(kStart, service("web"), 0s, 7).ok());
  CHECK(ticks(draining, kStart) == std::vector{0});
  CHECK_FALSE(draining.undrain(kStart + 9s, service("db"), 0s, 7));
  CHECK(draining.undrain(kStart + 9s, service("web"), 0s, 7));
  CHECK(ticks(draining, kStart + 9s) == std::vector<int>{view::kAllLeft});
  CHECK(draining.orders() == std::vector<DrainOrder>{{service("web"), 0s, false, {2, 7}, true}});
  CHECK(draining.status(kStart + 9s).empty());
}

TEST_CASE("a ramp that is turned back begins where it is", "[discovery]") {
  Draining draining;
  REQUIRE(draining.drain(kStart, service("web"), 4s, 7).ok());
  draining.tick(kStart + 2s);
  CHECK(draining.status(kStart + 2s).front().rest == 2s);
  REQUIRE(draining.undrain(kStart + 2s, service("web"), 2s, 7));
  CHECK(draining.orders().front().back);  // a restart would not drain it
  CHECK(ticks(draining, kStart + 2s) == std::vector{500, 750, int{view::kAllLeft}});
}

TEST_CASE("what was drained before is drained after a restart, a ramp begins again",
          "[discovery]") {
  Draining draining;
  draining.resume(kStart, {{service("web"), 4s, true}, {service("db"), 2s, false}});
  CHECK(draining.tick(kStart));
  CHECK(drains(draining) == view::Drains{{service("web"), 0}, {service("db"), 999}});
  draining.tick(kStart + 2s);
  CHECK(drains(draining) == view::Drains{{service("web"), 0}, {service("db"), 0}});
}

TEST_CASE("no more is drained than a row may say", "[discovery]") {
  Draining draining;
  for (std::size_t i = 0; i < kMaxDrainsInRow; ++i)
    REQUIRE(draining.drain(kStart, service("s" + std::to_string(i)), 0s, 7).ok());
  const auto refused = draining.drain(kStart, service("more"), 0s, 7);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == base::Code::exhausted);
  CHECK(draining.drain(kStart, service("s0"), 1s, 7).ok());  // it is one of them
}

namespace {

// What one says reaches the other as a row does.
void hear(Draining& to, const Draining& from, base::TimePoint now) {
  const auto row = encode(RowValue(DrainRow{from.states(now)}));
  const auto heard = decode(row.key, row.value);
  REQUIRE(heard.ok());
  to.adopt(now, std::get<DrainRow>(*heard).drains);
  to.tick(now);
}

// What it does in the end, whatever the way there.
std::map<view::DrainTarget, std::pair<OrderNumber, std::uint16_t>> said(const Draining& draining,
                                                                        base::TimePoint now) {
  std::map<view::DrainTarget, std::pair<OrderNumber, std::uint16_t>> all;
  for (const auto& state : draining.states(now)) all[state.target] = {state.order, state.left};
  return all;
}

}  // namespace

TEST_CASE("a drain outlives the agent that was asked, and its ramp goes on where it was",
          "[discovery]") {
  Draining asked, sibling;
  REQUIRE(asked.drain(kStart, service("web"), 8s, 7).ok());
  asked.tick(kStart + 4s);
  hear(sibling, asked, kStart + 4s);
  CHECK(drains(sibling) == view::Drains{{service("web"), 500}});
  CHECK(sibling.status(kStart + 4s).front().rest == 4s);
  hear(sibling, asked, kStart + 5s);  // again, and late: nothing begins anew
  CHECK(ticks(sibling, kStart + 6s) == std::vector{250, 125, 0});
  Draining back;  // with nothing on its disk
  hear(back, sibling, kStart + 60s);
  CHECK(drains(back) == view::Drains{{service("web"), 0}});
}

TEST_CASE("who is asked to take a drain back takes it back at all of them", "[discovery]") {
  Draining asked, sibling;
  REQUIRE(asked.drain(kStart, service("web"), 0s, 7).ok());
  asked.tick(kStart);
  hear(sibling, asked, kStart);
  REQUIRE(sibling.undrain(kStart + 9s, service("web"), 0s, 3));
  sibling.tick(kStart + 9s);
  // Until the other has heard of it, and when it died before: the last order counts.
  CHECK(heeded({asked.states(kStart), sibling.states(kStart)}).empty());
  hear(asked, sibling, kStart + 9s);
  CHECK(drains(asked).empty());
  CHECK(asked.status(kStart + 9s).empty());
  REQUIRE(asked.drain(kStart + 10s, service("web"), 0s, 1).ok());
  asked.tick(kStart + 10s);
  hear(sibling, asked, kStart + 10s);
  CHECK(drains(sibling).size() == 1);
}

TEST_CASE("what was taken back stays so when an agent comes back that had drained it",
          "[discovery]") {
  Draining away, here;
  REQUIRE(away.drain(kStart, service("web"), 0s, 7).ok());
  away.tick(kStart);
  hear(here, away, kStart);
  const auto disk = away.orders();
  REQUIRE(here.undrain(kStart, service("web"), 0s, 7));
  here.tick(kStart);
  Draining restarted, returned;
  restarted.resume(kStart, here.orders());
  restarted.tick(kStart);
  returned.resume(kStart, disk);
  returned.tick(kStart);
  hear(restarted, returned, kStart);
  hear(returned, restarted, kStart);
  CHECK(drains(restarted).empty());
  CHECK(drains(returned).empty());
}

TEST_CASE("an agent whose ramp began again follows one that is further", "[discovery]") {
  Draining asked, sibling;
  REQUIRE(asked.drain(kStart, service("web"), 60s, 7).ok());
  asked.tick(kStart);
  hear(sibling, asked, kStart);
  Draining restarted;
  restarted.resume(kStart + 30s, asked.orders());
  restarted.tick(kStart + 30s);
  sibling.tick(kStart + 30s);
  hear(restarted, sibling, kStart + 30s);
  CHECK(drains(restarted) == view::Drains{{service("web"), 500}});
  const auto before = sibling.deadline();
  restarted.tick(kStart + 32s);
  hear(sibling, restarted, kStart + 32s);  // a step or two ahead is no reason to say anything
  CHECK(sibling.deadline() <= before + 2s);
  CHECK(drains(sibling, kStart + 32s).front().left <= 467);
}

TEST_CASE("a dead agent's word stands where it died, and who goes on is further", "[discovery]") {
  const auto at = [](std::uint16_t left, bool back, std::uint64_t counter) {
    return DrainStates{{service("web"), left, back, 5s, {counter, 1}}};
  };
  CHECK(heeded({at(700, false, 3), at(200, false, 3)}) == view::Drains{{service("web"), 200}});
  CHECK(heeded({at(700, true, 3), at(200, true, 3)}) == view::Drains{{service("web"), 700}});
  CHECK(heeded({at(0, false, 3), at(400, true, 4)}) == view::Drains{{service("web"), 400}});
  CHECK(heeded({at(view::kAllLeft, true, 4), at(0, false, 3)}).empty());
  // One of a program that knows no orders heeds nobody: what it drains is drained.
  CHECK(heeded({at(view::kAllLeft, true, 4), at(300, false, 0)}) ==
        view::Drains{{service("web"), 300}});
}

TEST_CASE("an older program's drain is no order, and no more is adopted than a row may say",
          "[discovery]") {
  Draining draining;
  draining.adopt(kStart, {{service("web"), 300, false, {}, {}}});
  CHECK_FALSE(draining.tick(kStart));
  for (std::size_t i = 0; i < 3 * kMaxDrainsInRow; ++i) {
    const auto target = service("s" + std::to_string(i));
    draining.adopt(kStart, {{target, 0, false, {}, {i + 1, 0}}});
    draining.adopt(kStart, {{target, view::kAllLeft, true, {}, {i + 2, 0}}});
    draining.adopt(kStart, {{service("d" + std::to_string(i)), 0, false, {}, {i + 1, 0}}});
    draining.tick(kStart);
  }
  const auto row = encode(RowValue(DrainRow{draining.states(kStart)}));
  CHECK(decode(row.key, row.value).ok());
  CHECK(drains(draining).size() == kMaxDrainsInRow);
  CHECK(draining.states(kStart).size() == 2 * kMaxDrainsInRow);
}

// Orders at three agents, which hear each other late, twice and in any order; then all do.
TEST_CASE("whoever is asked for what and whenever they hear it, all agents end alike",
          "[discovery]") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    std::array<Draining, 3> agents;
    std::vector<DrainStates> rows;  // that are under way
    auto now = kStart;
    for (int step = 0; step < 60; ++step) {
      now += std::chrono::milliseconds(random.below(700));
      auto& agent = agents[random.below(3)];
      const auto target = service("s" + std::to_string(random.below(4)));
      const auto over = std::chrono::milliseconds(random.below(2) * random.below(5000));
      const auto chance = static_cast<std::uint32_t>(random.next());
      switch (random.below(4)) {
        case 0:
          CHECK(agent.drain(now, target, over, chance).ok());
          break;
        case 1:
          agent.undrain(now, target, over, chance);
          break;
        case 2:
          rows.push_back(agent.states(now));
          break;
        default:
          if (!rows.empty()) agent.adopt(now, rows[random.below(rows.size())]);
      }
      agent.tick(now);
    }
    for (int round = 0; round < 3; ++round)
      for (auto& to : agents)
        for (const auto& from : agents)
          if (&to != &from) hear(to, from, now);
    now += 10s;
    for (auto& agent : agents) agent.tick(now);
    CHECK(said(agents[0], now) == said(agents[1], now));
    CHECK(said(agents[1], now) == said(agents[2], now));
    // And what comes late changes nothing any more.
    const auto before = said(agents[0], now);
    for (const auto& late : rows) agents[0].adopt(now, late);
    agents[0].tick(now);
    CHECK(said(agents[0], now) == before);
  }
}

TEST_CASE("the order in which words are heard does not matter", "[discovery]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    std::vector<DrainStates> words;
    for (int i = 0; i < 12; ++i) {
      const bool back = random.chance(0.5);
      words.push_back({{service("s" + std::to_string(random.below(3))),
                        back ? view::kAllLeft : std::uint16_t{0},
                        back,
                        {},
                        {1 + random.below(5), static_cast<std::uint32_t>(random.below(1000))}}});
    }
    // One number is of one order.
    std::map<OrderNumber, DrainState> orders;
    for (auto& word : words)
      word.front() = orders.try_emplace(word.front().order, word.front()).first->second;
    Draining one, other;
    for (const auto& word : words) one.adopt(kStart, word);
    random.shuffle(words);
    for (const auto& word : words) {
      other.adopt(kStart, word);
      if (random.chance(0.3)) other.adopt(kStart, words[random.below(words.size())]);
    }
    one.tick(kStart);
    other.tick(kStart);
    CHECK(said(one, kStart) == said(other, kStart));
    CHECK(drains(one).size() == heeded(words).size());
  }
}
