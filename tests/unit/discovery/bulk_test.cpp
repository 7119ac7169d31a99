// Snapshots that go by a stream of their own, beside the link that they belong to.
#include "discovery/bulk_stream.hpp"

#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace discovery;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kSmall = 1'000;
constexpr std::uint64_t kBulk = kFeatureTurns | kFeatureBulk;

Story::Contents many(char value = 'v') {
  Story::Contents contents;
  for (int n = 100; n < 150; ++n) contents["k" + std::to_string(n)] = std::string(100, value);
  return contents;
}

void start(Story& story, const std::string& name, Story::Contents contents) {
  auto config = story.config(name);
  config.bulk_bytes = kSmall;
  story.start(config, name, std::move(contents));
  story.act(name, story.node(name).local_ready(story.now));
}

std::size_t rows_in(const Frame& frame) {
  const auto* delta = std::get_if<Delta>(&frame);
  return delta ? delta->rows.size() : 0;
}

// An agent m with bulk streams, many rows and a link to the test, which m has accepted.
struct Accepted {
  explicit Accepted(std::uint64_t features = kBulk) {
    start(story, "m", many());
    link = story.meet("m", "west", features);
    m().receive(story.now, link, Beacons{});
  }
  Participant& m() { return story.node("m"); }
  // The next delta on the link or its stream; nothing when there is none now.
  std::optional<Delta> next(LinkId on) {
    while (auto frame = m().next_frame(story.now, on, 300))
      if (auto* delta = std::get_if<Delta>(&*frame)) return std::move(*delta);
    return std::nullopt;
  }
  Effects open() { return m().link_up(story.now, kStream, {"", "west", false, false, link}); }
  void shows() { m().receive(story.now, kStream, Beacons{{{{"m", 0}, at, 0, {}, 0s}}}); }
  // All of a snapshot that is on the stream.
  void hear_snapshot() {
    for (;;) {
      const auto part = next(kStream);
      REQUIRE(part);
      at = {part->incarnation, part->to};
      CHECK_FALSE(next(kStream));  // one at a time
      if (part->kind == Delta::Kind::snapshot_end) return;
      shows();
    }
  }
  void change(const std::string& value) {
    auto contents = many();
    contents["changed"] = value;
    story.says("m", contents);
    story.now += 30ms;
    m().tick(story.now);
  }

  static constexpr LinkId kStream = 50;
  Story story;
  LinkId link = 0;
  Stamp at;  // of the snapshot
};

}  // namespace

TEST_CASE("a large snapshot goes by a stream of its own, whoever dialled", "[discovery]") {
  const bool sender_dials = GENERATE(true, false);
  Story story;
  story.max_frame = 300;
  start(story, "m", many());
  start(story, "west", {{"k", "1"}});
  std::size_t on_links = 0, on_streams = 0;
  story.hears_on = [&](LinkId on, const Frame& frame) {
    (story.streams.contains(on) ? on_streams : on_links) += rows_in(frame);
  };
  if (sender_dials)
    story.connect("m", "west");
  else
    story.connect("west", "m");
  story.run(1s);
  CHECK(story.knows("west", "m") == many());
  CHECK(story.knows("m", "west").size() == 1);
  CHECK(story.streams.size() == 1);
  CHECK(on_streams == many().size());
  CHECK(on_links == (sender_dials ? 1 : 2));  // west's row; who was dialled beckons with one
  SECTION("and what changes later, on the link") {
    auto contents = many();
    contents["changed"] = "1";
    story.says("m", contents);
    story.run(1s);
    CHECK(story.knows("west", "m") == contents);
    CHECK(on_streams == many().size());
  }
  SECTION("which ends when nothing has moved on it for a while") {
    story.run(kBulkIdle + 2s);
    CHECK(story.actor("m").closed.size() + story.actor("west").closed.size() >= 1);
    CHECK(story.member("m", "west").linked);
    story.says("m", many('w'));
    story.run(1s);
    CHECK(story.knows("west", "m") == many('w'));
  }
}

TEST_CASE("what a third has goes by the stream too", "[discovery]") {
  Story story;
  start(story, "a", many());
  start(story, "m", {{"k", "1"}});
  start(story, "west", {{"k", "1"}});
  story.connect("a", "m");
  story.run(1s);
  std::size_t on_links = 0;
  story.hears_on = [&](LinkId on, const Frame& frame) {
    if (!story.streams.contains(on)) on_links += rows_in(frame);
  };
  story.connect("west", "m");
  story.run(2s);
  CHECK(story.knows("west", "a") == many());
  CHECK(on_links < 5);  // of 50: two rows of small ones, one passed on, one that beckons
}

TEST_CASE("a change does not overtake the snapshot that is on the stream", "[discovery]") {
  Accepted west;
  const auto first = west.next(west.link);
  REQUIRE(first);
  CHECK(first->rows.size() == 1);
  CHECK_FALSE(west.next(west.link));
  west.open();
  west.change("1");
  CHECK_FALSE(west.next(west.link));
  west.hear_snapshot();
  west.change("2");
  CHECK_FALSE(west.next(west.link));
  west.shows();
  const auto changes = west.next(west.link);
  REQUIRE(changes);
  CHECK(changes->kind == Delta::Kind::changes);
  CHECK(changes->from == west.at.version);
  CHECK(changes->to == west.m().stamp().version);
}

TEST_CASE("others' changes and beacons go on the link meanwhile", "[discovery]") {
  Accepted west;
  west.story.start("b", {{"k", "b"}});
  west.story.connect("b", "m");
  west.next(west.link);
  west.open();
  REQUIRE(west.next(Accepted::kStream));
  west.m().receive(west.story.now, west.link, Pull{{"b", 0}, {}});
  const auto delta = west.next(west.link);
  REQUIRE(delta);
  CHECK(delta->origin.cluster == "b");
  west.story.now += 2s;
  west.m().tick(west.story.now);
  const auto frame = west.m().next_frame(west.story.now, west.link);
  REQUIRE(frame);
  CHECK(std::holds_alternative<Beacons>(*frame));
}

TEST_CASE("where no stream comes bulk takes turns on the link", "[discovery]") {
  Accepted west;
  const auto first = west.next(west.link);
  REQUIRE(first);
  CHECK_FALSE(west.next(west.link));
  west.story.now += kBulkPatience;
  west.m().tick(west.story.now);
  std::size_t rows = 0;
  while (const auto part = west.next(west.link)) {
    CHECK(part->part == (rows == 0 ? 0 : part->part));
    rows += part->rows.size();
  }
  CHECK(rows == many().size());
}

TEST_CASE("who does not know bulk streams is not beckoned", "[discovery]") {
  Accepted west(kFeatureTurns);
  std::size_t rows = 0;
  while (const auto part = west.next(west.link)) rows += part->rows.size();
  CHECK(rows == many().size());
}

TEST_CASE("a stream that breaks takes with it only what was on it", "[discovery]") {
  Accepted west;
  west.next(west.link);
  west.open();
  REQUIRE(west.next(Accepted::kStream));
  west.m().link_down(west.story.now, Accepted::kStream, Node::LinkEnd::reset);
  CHECK_FALSE(west.m().next_frame(west.story.now, Accepted::kStream));
  west.m().receive(west.story.now, west.link, Pull{{"m", 0}, {}});  // it misses it, and asks
  std::size_t rows = 0;
  while (const auto part = west.next(west.link)) rows += part->rows.size();
  CHECK(rows == many().size());
}

TEST_CASE("a stream that nothing comes through is given up when more is asked for", "[discovery]") {
  Accepted west;
  west.next(west.link);
  west.open();
  REQUIRE(west.next(Accepted::kStream));
  west.m().receive(west.story.now, west.link, Pull{{"m", 0}, {}});
  CHECK_FALSE(west.next(west.link));  // it may only be slow
  west.story.now += kBulkStall / 2;
  west.m().receive(west.story.now, Accepted::kStream, Beacons{});  // what comes the other way
  west.story.now += kBulkStall / 2;
  const auto effects = west.m().receive(west.story.now, west.link, Pull{{"m", 0}, {}});
  REQUIRE(effects.close.size() == 1);
  CHECK(effects.close[0].link == Accepted::kStream);
  CHECK(west.next(west.link));
}

TEST_CASE("who was asked when its stream ends is asked again, and may answer on the link",
          "[discovery]") {
  Accepted west;
  auto& story = west.story;
  const OriginId east{"east", 0};
  const auto other = story.meet("m", "eu", kBulk);
  const auto asked = [&](LinkId link) {
    std::size_t pulls = 0;
    while (const auto frame = west.m().next_frame(story.now, link, 10'000))
      pulls += std::holds_alternative<Pull>(*frame) ? 1 : 0;
    return pulls;
  };
  for (const auto link : {west.link, other})
    west.m().receive(story.now, link, Beacons{{{east, {1, 1}, 1, {}, 0s, true}}});
  west.m().tick(story.now);
  west.open();
  CHECK(asked(west.link) == 1);
  west.m().link_down(story.now, Accepted::kStream, Node::LinkEnd::reset);
  west.m().tick(story.now);
  CHECK(asked(west.link) == 1);
  CHECK(asked(other) == 0);
  Delta answer{east, 1, 0, 1, 0, {}, {}, Delta::Kind::snapshot_end, {{"k", 1, "v", false}}};
  answer.state_hash = state_hash({1, 1}, Rows().with(answer.rows));
  story.sends("m", west.link, answer);
  CHECK(story.knows("m", "east") == Story::Contents{{"k", "v"}});
}

TEST_CASE("nobody is beckoned to a snapshot of which nothing is proven", "[discovery]") {
  Story story;
  story.secure = true;
  start(story, "m", {{"k", "own"}});
  const OriginId east{"east", 0};
  Delta rows{east, 1, 0, 50, 0, {}, {}, Delta::Kind::snapshot_end, {}};
  for (std::uint64_t n = 1; n <= 50; ++n)
    rows.rows.push_back({"k" + std::to_string(100 + n), n, std::string(100, 'v'), false});
  rows.state_hash = state_hash({1, 50}, Rows().with(rows.rows));
  auto& m = story.node("m");
  const auto own = story.meet("m", "east", kBulk);
  m.receive(story.now, own, Beacons{{{east, {1, 50}, 1, rows.state_hash, 0s}}});
  m.receive(story.now, own, rows);
  REQUIRE(story.knows("m", "east").size() == 50);
  const auto west = story.meet("m", "west", kBulk);
  m.receive(story.now, west, Beacons{});
  m.receive(story.now, west, Pull{east, {}});
  while (const auto frame = m.next_frame(story.now, west, 300))
    if (const auto* delta = std::get_if<Delta>(&*frame)) CHECK(delta->origin != east);
}

TEST_CASE("a bulk stream of no link, or of one that ends, is closed", "[discovery]") {
  Accepted west;
  auto effects = west.m().link_up(west.story.now, 60, {"", "west", false, false, 999});
  REQUIRE(effects.close.size() == 1);
  CHECK(effects.close[0].link == 60);
  CHECK(west.open().close.empty());
  effects = west.m().link_down(west.story.now, west.link, Node::LinkEnd::closed);
  REQUIRE(effects.close.size() == 1);
  CHECK(effects.close[0].link == Accepted::kStream);
}

TEST_CASE("a bulk stream carries nothing but bulk", "[discovery]") {
  Accepted west;
  west.open();
  west.m().receive(west.story.now, Accepted::kStream, Pull{{"m", 0}, {}});
  CHECK(west.m().counters().malformed == 1);
}
