// When somebody is asked again.
#include "discovery/pulls.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;

TEST_CASE("an answer that leads nowhere is asked for again soon, whoever kept silent before",
          "[discovery]") {
  const OriginId east{"east", 0};
  const Stamp target{5, 9};
  base::TimePoint now{1h};
  Pulls pulls;
  pulls.behind(now, east, target, 0s);
  for (const auto patience : {2s, 4s, 8s, 16s, 16s}) {
    REQUIRE(pulls.due(now).size() == 1);
    pulls.asked(now, east, 1);
    CHECK(pulls.due(now + patience - 1ms).empty());
    now += patience;
  }
  pulls.broken(now, east, target, 1);
  REQUIRE(pulls.due(now).size() == 1);  // for the whole, at once
  pulls.asked(now, east, 1);
  SECTION("the whole diverges as well") { pulls.broken(now, east, target, 1); }
  SECTION("a part of it was lost") { pulls.in_vain(now, east); }
  CHECK(pulls.due(now + 1999ms).empty());
  REQUIRE(pulls.due(now + 2s).size() == 1);
  CHECK(pulls.due(now + 2s).front().whole);
}
