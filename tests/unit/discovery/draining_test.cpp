#include "discovery/draining.hpp"

#include "discovery/row_check.hpp"

#include <catch2/catch.hpp>  // last: its CHECK takes the place of base's

using namespace discovery;
using namespace std::chrono_literals;

namespace {

const base::TimePoint kStart{};

view::DrainTarget service(std::string name) {
  return {view::DrainTarget::Kind::service, "shop", std::move(name), {}, 0};
}

// What is left of the only drain at each second, as long as tick() has something to say.
std::vector<int> ticks(Draining& draining, base::TimePoint now, int most = 20) {
  std::vector<int> left;
  for (; most > 0; --most) {
    if (draining.tick(now))
      left.push_back(draining.drains().empty() ? view::kAllLeft : draining.drains().front().left);
    if (draining.deadline() == base::TimePoint::max()) break;
    now = draining.deadline();
  }
  return left;
}

}  // namespace

TEST_CASE("a ramp falls second by second, is nothing at its end and not before", "[discovery]") {
  Draining draining;
  REQUIRE(draining.drain(kStart, service("web"), 4s).ok());
  CHECK(ticks(draining, kStart) == std::vector{999, 750, 500, 250, 0});
  CHECK(draining.drains() == view::Drains{{service("web"), 0}});
  CHECK(draining.deadline() == base::TimePoint::max());
  CHECK(draining.orders() == std::vector<DrainOrder>{{service("web"), 4s, true}});
}

TEST_CASE("a drain in no time is one step, and what is taken back leaves nothing", "[discovery]") {
  Draining draining;
  REQUIRE(draining.drain(kStart, service("web"), 0s).ok());
  CHECK(ticks(draining, kStart) == std::vector{0});
  CHECK_FALSE(draining.undrain(kStart + 9s, service("db"), 0s));
  CHECK(draining.undrain(kStart + 9s, service("web"), 0s));
  CHECK(ticks(draining, kStart + 9s) == std::vector<int>{view::kAllLeft});
  CHECK(draining.orders().empty());
  CHECK(draining.status(kStart + 9s).empty());
}

TEST_CASE("a ramp that is turned back begins where it is", "[discovery]") {
  Draining draining;
  REQUIRE(draining.drain(kStart, service("web"), 4s).ok());
  draining.tick(kStart + 2s);
  CHECK(draining.status(kStart + 2s).front().rest == 2s);
  REQUIRE(draining.undrain(kStart + 2s, service("web"), 2s));
  CHECK(draining.orders().empty());  // a restart would not drain it
  CHECK(ticks(draining, kStart + 2s) == std::vector{500, 750, int{view::kAllLeft}});
}

TEST_CASE("what was drained before is drained after a restart, a ramp begins again",
          "[discovery]") {
  Draining draining;
  draining.resume(kStart, {{service("web"), 4s, true}, {service("db"), 2s, false}});
  CHECK(draining.tick(kStart));
  CHECK(draining.drains() == view::Drains{{service("web"), 0}, {service("db"), 999}});
  draining.tick(kStart + 2s);
  CHECK(draining.drains() == view::Drains{{service("web"), 0}, {service("db"), 0}});
}

TEST_CASE("no more is drained than a row may say", "[discovery]") {
  Draining draining;
  for (std::size_t i = 0; i < kMaxDrainsInRow; ++i)
    REQUIRE(draining.drain(kStart, service("s" + std::to_string(i)), 0s).ok());
  const auto refused = draining.drain(kStart, service("more"), 0s);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == base::Code::exhausted);
  CHECK(draining.drain(kStart, service("s0"), 1s).ok());  // it is one of them
}
