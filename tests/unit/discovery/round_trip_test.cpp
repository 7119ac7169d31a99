// How long a word takes there and back, whatever it waits at the other side.
#include "discovery/round_trip.hpp"

#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;

namespace {

// Two sides whose clocks have nothing to do with each other.
struct Pair {
  RoundTrip here, there;
  base::TimePoint now{1h};
  base::Duration apart = 7h;

  void says(RoundTrip& sender, RoundTrip& reader, base::Duration way) {
    const auto echo = sender.sent(at(sender));
    now += way;
    reader.heard(at(reader), echo);
  }
  base::TimePoint at(const RoundTrip& side) const { return &side == &here ? now : now + apart; }
};

}  // namespace

TEST_CASE("a round trip is both ways, without the time that a word lay there", "[discovery]") {
  Pair pair;
  pair.says(pair.here, pair.there, 30ms);
  CHECK_FALSE(pair.here.last());
  pair.now += 4s;
  pair.says(pair.there, pair.here, 50ms);
  CHECK(pair.here.last() == 80ms);
  CHECK_FALSE(pair.there.last());
  pair.now += 6s;
  pair.says(pair.here, pair.there, 20ms);
  CHECK(pair.there.last() == 70ms);
}

TEST_CASE("words that cross say of the last one that was read", "[discovery]") {
  Pair pair;
  pair.says(pair.here, pair.there, 10ms);
  pair.here.sent(pair.now);  // under way while the answer comes
  pair.now += 1s;
  pair.says(pair.there, pair.here, 10ms);
  CHECK(pair.here.last() == 20ms);
}

TEST_CASE("an echo of what was never said, or long before, says nothing", "[discovery]") {
  Pair pair;
  pair.here.heard(pair.now, {5, 1s});
  CHECK_FALSE(pair.here.last());
  for (int n = 0; n < 100; ++n) pair.here.sent(pair.now);
  pair.here.heard(pair.now, {1, 1ms});
  CHECK_FALSE(pair.here.last());
  pair.here.heard(pair.now, {100, 1h});  // longer than it can have lain there
  CHECK(pair.here.last() == 0s);
}

TEST_CASE("what we slept through was not on its way", "[discovery]") {
  Pair pair;
  pair.says(pair.here, pair.there, 10ms);
  pair.here.stalled();
  pair.now += 20s;
  pair.says(pair.there, pair.here, 10ms);
  CHECK_FALSE(pair.here.last());
  pair.says(pair.here, pair.there, 10ms);
  pair.says(pair.there, pair.here, 10ms);
  CHECK(pair.here.last() == 20ms);
}

TEST_CASE("an agent shows how long a word takes to each that it has a link to", "[discovery]") {
  Story story;
  story.start("west");
  const auto link = story.meet("west", "east");
  auto& west = story.node("west");
  while (west.next_frame(story.now, link)) {
  }  // its hello and its first beacons
  CHECK_FALSE(story.member("west", "east").round_trip);
  story.now += 90ms;
  Beacons word{{{{"east", 0}, {1, 1}, 1, {}, {}}}, {1, 40ms}};
  story.sends("west", link, word);
  CHECK(story.member("west", "east").round_trip == 50ms);

  // Its next whole frame says how long ours lay here.
  story.now += 300ms;
  std::optional<Echo> echo;
  while (!echo) {
    story.now = std::max(story.now, west.next_deadline());
    story.act("west", west.tick(story.now));
    while (const auto frame = west.next_frame(story.now, link))
      if (const auto* beacons = std::get_if<Beacons>(&*frame)) echo = beacons->echo;
  }
  CHECK(echo->frames == 1);
  CHECK(echo->held >= 300ms);
  CHECK(echo->held < 1400ms);
}
