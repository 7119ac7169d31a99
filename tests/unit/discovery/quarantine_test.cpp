// One bad origin stops no other (DESIGN §8, promise 8): what it takes to get into quarantine, what
// serves meanwhile, and how it ends.
#include "discovery/quarantine.hpp"

#include "discovery/origin_state.hpp"

#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace discovery;
using namespace std::chrono_literals;

namespace {

Story::Contents rows(std::size_t count, const std::string& value) {
  Story::Contents contents;
  for (std::size_t n = 0; n < count; ++n) contents["x/" + std::to_string(n)] = value;
  return contents;
}

// "west" with limits of a size for a story: 500 rows at once, 10 a second for long.
void start_limited(Story& story, Limits limits = {.changes_per_second = 10}) {
  auto config = story.config("west");
  config.limits = limits;
  story.start(std::move(config), "west", {{"w", "1"}});
  story.act("west", story.node("west").local_ready(story.now));
}

bool has_event(Story& story, const std::string& who, const std::string& text) {
  const auto& events = story.actor(who).events;
  return std::any_of(events.begin(), events.end(),
                     [&](const auto& event) { return event.find(text) != event.npos; });
}

Delta nonsense(const std::string& of) {
  Delta delta;
  delta.origin = Story::origin(of);
  delta.incarnation = 1;
  delta.from = 5;
  delta.to = 3;
  return delta;
}

}  // namespace

TEST_CASE("an origin that changes too much is held at its last good state, the others flow on") {
  Story story;
  start_limited(story);
  story.start("east", rows(100, "0"));
  story.start("north", {{"n", "0"}});
  story.connect_all();
  story.run(2s);
  for (int n = 1; n <= 20; ++n) {
    story.says("east", rows(100, std::to_string(n)));
    story.says("north", {{"n", std::to_string(n)}});
    story.run(100ms);
  }
  const auto held = story.member("west", "east");
  CHECK_THAT(held.quarantine, Catch::Contains("more than 10 changes a second"));
  CHECK(held.quarantine_left > 20s);
  CHECK(held.state == Story::State::fresh);  // its beacons count
  const auto shown = story.knows("west", "east");
  CHECK(shown.size() == 100);
  CHECK(shown != rows(100, "20"));
  CHECK(story.knows("west", "north") == Story::Contents{{"n", "20"}});
  CHECK(story.knows("north", "east") == rows(100, "20"));  // whose limits are higher

  story.run(20s);
  CHECK(story.knows("west", "east") == shown);
  story.run(15s);  // it has not changed any more
  CHECK(story.member("west", "east").quarantine.empty());
  CHECK(story.knows("west", "east") == rows(100, "20"));
  CHECK(story.node("west").counters().quarantines == 1);
}

TEST_CASE("nothing of an origin in quarantine is taken from relays either") {
  Story story;
  start_limited(story);
  story.start("east", rows(100, "0"));
  story.start("north", {{"n", "0"}});
  const auto direct = story.connect("east", "west");
  story.connect("east", "north");
  story.connect("north", "west");
  story.run(2s);
  for (int n = 1; n <= 6; ++n) {
    story.says("east", rows(100, std::to_string(n)));
    story.run(100ms);
  }
  REQUIRE_FALSE(story.member("west", "east").quarantine.empty());
  const auto shown = story.knows("west", "east");
  story.cut(direct);
  story.run(10s);
  CHECK(story.state("west", "east") == Story::State::fresh);  // by north's word
  CHECK(story.knows("west", "east") == shown);
  story.run(30s);
  CHECK(story.knows("west", "east") == rows(100, "6"));
}

TEST_CASE("who sends what makes no sense again and again gets no link for a while, and is told") {
  Story story;
  start_limited(story);
  for (int n = 0; n < 5; ++n) {
    const auto link = story.meet("west", "east");
    story.sends("west", link, nonsense("east"));
    story.run(100ms);
  }
  story.start("east", {{"e", "1"}});
  story.connect("east", "west");
  CHECK(has_event(story, "west", "east is in quarantine: malformed again and again"));
  CHECK(has_event(story, "east", "east is in quarantine: malformed again and again"));
  CHECK_FALSE(story.member("east", "west").linked);
  story.run(31s);
  story.connect("east", "west");
  story.run(2s);
  CHECK(story.knows("west", "east") == Story::Contents{{"e", "1"}});
}

TEST_CASE("a frame that only the skin can see to be malformed counts as one") {
  Story story;
  start_limited(story);
  for (int n = 0; n < 5; ++n) {
    const auto link = story.meet("west", "east");
    story.act("west", story.node("west").link_down(story.now, link, Node::LinkEnd::malformed));
  }
  CHECK(story.node("west").counters().quarantines == 1);
}

TEST_CASE("a few malformed frames over a long time are forgiven") {
  Story story;
  start_limited(story);
  for (int n = 0; n < 20; ++n) {
    const auto link = story.meet("west", "east");
    story.sends("west", link, nonsense("east"));
    story.run(11s);
  }
  CHECK(story.node("west").counters().quarantines == 0);
}

TEST_CASE("an origin that begins new lives again and again is held at one of them") {
  Story story;
  start_limited(story);
  const auto link = story.meet("west", "east");
  for (std::uint64_t life = 1; life <= 30; ++life) {
    Delta delta;
    delta.origin = Story::origin("east");
    delta.incarnation = life << 32;
    delta.to = 1;
    delta.kind = Delta::Kind::snapshot_end;
    delta.rows = {{"e", 1, std::to_string(life), false}};
    delta.state_hash = state_hash({delta.incarnation, 1}, Rows().with(delta.rows));
    story.sends("west", link, delta);
  }
  CHECK_THAT(story.member("west", "east").quarantine, Catch::Contains("new life"));
  CHECK(story.knows("west", "east") == Story::Contents{{"e", "22"}});
}

TEST_CASE("an origin beyond the operator's limits keeps its link, and its last state within them") {
  Story story;
  const auto [limits, larger] = GENERATE(table<Limits, Story::Contents>({
      {Limits{.rows = 20}, rows(21, "1")},
      {Limits{.bytes = 500}, rows(20, std::string(30, 'x'))},
      {Limits{.row_bytes = 50}, {{"x/0", std::string(50, 'x')}}},
  }));
  start_limited(story, limits);
  story.start("east", rows(20, "0"));
  story.connect("east", "west");
  story.run(2s);
  REQUIRE(story.knows("west", "east") == rows(20, "0"));
  story.says("east", larger);
  story.run(1s);
  CHECK_THAT(story.member("west", "east").quarantine, Catch::Contains("gossip.limits"));
  CHECK(story.knows("west", "east") == rows(20, "0"));
  CHECK(story.member("west", "east").linked);
  story.says("east", rows(3, "2"));
  story.run(35s);
  CHECK(story.knows("west", "east") == rows(3, "2"));
}

TEST_CASE("a snapshot beyond the operator's limits is not collected to its end") {
  Story story;
  story.max_frame = 200;
  start_limited(story, {.rows = 20});
  story.start("east", rows(200, "0"));
  story.connect("east", "west");
  story.run(2s);
  CHECK(story.knows("west", "east").empty());
  CHECK_THAT(story.member("west", "east").quarantine, Catch::Contains("20 rows"));
  CHECK(story.node("west").counters().held_back > 10);  // the parts that came behind
}

TEST_CASE("each relapse takes twice as long, up to a bound, until it has behaved for a while") {
  Quarantine quarantine(Limits{});
  base::TimePoint now{1h};
  const OriginId east{"east", 0};
  std::vector<base::Duration> times;
  for (int n = 0; n < 7; ++n) {
    const auto* sentence = quarantine.too_large(now, east);
    REQUIRE(sentence);
    CHECK_FALSE(quarantine.too_large(now, east));  // it is there already
    times.push_back(sentence->until - now);
    now = quarantine.deadline();
    CHECK(quarantine.release(now) == std::vector{east});
    CHECK_FALSE(quarantine.find(east));
  }
  CHECK(times == std::vector<base::Duration>{30s, 60s, 120s, 240s, 480s, 600s, 600s});
  now += 600s * Quarantine::kProbation;
  quarantine.release(now);
  CHECK(quarantine.too_large(now, east)->until - now == 30s);
}
