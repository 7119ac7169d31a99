// Who may be at the other end, what may come from there, and what becomes of several links to one
// agent.
#include "discovery/local_origin.hpp"
#include "discovery/row.hpp"
#include "tests/unit/discovery/endpoints.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;
using State = Story::State;

namespace {

Story east_and_west() {
  Story story;
  story.start("east", {{"k", "1"}});
  story.start("west", {{"k", "2"}});
  return story;
}

}  // namespace

TEST_CASE("a cluster that its certificate does not name is refused", "[discovery]") {
  auto story = east_and_west();
  story.connect("east", "west", "north");
  story.run(2s);
  CHECK(mentions(story.actor("west").events, "the certificate is for cluster north"));
  CHECK(mentions(story.actor("east").events, "the certificate is for cluster north"));
  CHECK(story.knows("west", "east").empty());
  CHECK(story.node("west").counters().refused == 1);
}

TEST_CASE("an agent that claims our own name is refused and both say so", "[discovery]") {
  auto story = east_and_west();
  story.start(story.config("west"), "impostor", {{"k", "forged"}});
  story.act("impostor", story.node("impostor").local_ready(story.now));
  story.connect("impostor", "west");
  story.run(2s);
  CHECK(mentions(story.actor("west").events, "already served by another agent"));
  CHECK(mentions(story.actor("impostor").events, "already served by another agent"));
  CHECK(story.knows("west", "west") == Story::Contents{{"k", "2"}});
}

TEST_CASE("of two agents under one name the newcomer is refused", "[discovery]") {
  auto story = east_and_west();
  story.connect("east", "west");
  story.start(story.config("east"), "impostor", {{"k", "forged"}});
  story.act("impostor", story.node("impostor").local_ready(story.now));
  story.connect("impostor", "west");
  story.run(5s);
  CHECK(mentions(story.actor("west").events, "east is already served by another agent"));
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "1"}});
  CHECK(story.state("west", "east") == State::fresh);
}

TEST_CASE("an agent that dialled itself is closed", "[discovery]") {
  Story story;
  const auto config = story.config("east");
  story.start(config, "east", {});
  story.start(config, "mirror", {});
  story.connect("east", "mirror");
  story.run(2s);
  CHECK(mentions(story.actor("mirror").closed, "dialled itself"));
}

TEST_CASE("a protocol that we do not speak is refused with both ranges", "[discovery]") {
  auto story = east_and_west();
  const auto link = story.connect("east", "west");
  story.cut(link);
  story.act("west", story.node("west").link_up(story.now, 99, {}));
  Hello hello;
  hello.self = {"east", 0};
  hello.protocol_min = hello.protocol_max = 9;
  story.sends("west", 99, hello);
  CHECK(mentions(story.actor("west").events, "protocol 9 to 9 is spoken there, 1 here"));
}

TEST_CASE("two links to one agent: one talks, and the other takes over", "[discovery]") {
  auto story = east_and_west();
  const auto first = story.connect("east", "west"), second = story.connect("west", "east");
  std::size_t told = 0;
  story.hears_frame = [&](const std::string&, const std::string&, const Frame& frame) {
    told += std::holds_alternative<Delta>(frame) ? 1 : 0;
  };
  story.says("east", {{"k", "while both are up"}});
  story.run(15s);
  CHECK(told == 1);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "while both are up"}});
  CHECK(story.actor("west").closed.empty());
  CHECK(story.node("west").counters().duplicates == 0);
  const auto end = GENERATE(0, 1);
  story.cut(end == 0 ? first : second);
  CHECK(story.state("west", "east") == State::fresh);
  story.says("east", {{"k", "new"}});
  story.run(100ms);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "new"}});
}

TEST_CASE("a link that falls silent is closed and loses nothing", "[discovery]") {
  auto story = east_and_west();
  const auto link = story.connect("east", "west");
  story.run(2s);
  story.blackhole(link);
  story.says("east", {{"k", "lost on its way"}});
  story.run(12s);
  CHECK(story.actor("west").closed.size() + story.actor("east").closed.size() == 1);
  story.connect("east", "west");
  story.run(100ms);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "lost on its way"}});
}

TEST_CASE("nonsense is counted, closes its link and changes nothing", "[discovery]") {
  auto story = east_and_west();
  const auto link = story.connect("east", "west");
  const auto before = story.knows("west", "east");
  Delta delta;
  delta.origin = {"east", 0};
  delta.incarnation = 1;
  Beacon beacon;
  beacon.origin = {"east", 0};
  SECTION("a second hello") { story.sends("west", link, Hello{}); }
  SECTION("a delta that ends before it starts") {
    delta.from = 5;
    story.sends("west", link, delta);
  }
  SECTION("a negative age") {
    delta.age = -1s;
    story.sends("west", link, delta);
  }
  SECTION("a beacon without an incarnation") { story.sends("west", link, Beacons{{beacon}}); }
  SECTION("a beacon of an incarnation that nobody could rise above") {
    beacon.stamp = {~std::uint64_t{0}, 1};
    story.sends("west", link, Beacons{{beacon}});
  }
  SECTION("more beacons than there can be origins") {
    Beacons many;
    for (std::size_t n = 0; n <= kMaxBeacons; ++n)
      many.beacons.push_back({{"c" + std::to_string(n), 0}, {1, 1}, 1, {}, 0s});
    story.sends("west", link, many);
  }
  SECTION("a pull of nothing") { story.sends("west", link, Pull{}); }
  SECTION("a frame before the hello") {
    story.act("west", story.node("west").link_up(story.now, 99, {}));
    story.sends("west", 99, Beacons{});
  }
  story.run(1s);
  CHECK(story.node("west").counters().malformed == 1);
  CHECK(story.actor("west").closed.size() == 1);
  CHECK(story.knows("west", "east") == before);
}

TEST_CASE("a delta of an impossible life leaves no trace of its origin", "[discovery]") {
  auto story = east_and_west();
  const auto link = story.meet("west", "eu");
  Delta delta;
  delta.origin = {"eu", 0};
  delta.to = 1;
  delta.kind = Delta::Kind::snapshot_end;
  delta.incarnation = GENERATE(std::uint64_t{0}, kMaxIncarnation + 1);
  story.sends("west", link, delta);
  CHECK(story.node("west").counters().malformed == 1);
  CHECK(!story.has_heard_of("west", "eu"));
}

TEST_CASE("a goodbye is heard once, and changes no answer where there are no rows", "[discovery]") {
  auto story = east_and_west();
  const auto link = story.connect("east", "west");
  story.run(1s);
  auto& west = story.node("west");
  const auto says = [&](LinkId on, Goodbye::Reason reason) {
    return west.receive(story.now, on, Goodbye{reason, {}});
  };
  const auto first = says(link, Goodbye::Reason::returning);
  CHECK(first.publish);
  CHECK(first.events.size() == 1);
  for (const auto reason : {Goodbye::Reason::leaving, Goodbye::Reason::returning}) {
    const auto again = says(link, reason);
    CHECK(!again.publish);
    CHECK(again.events.empty());
  }
  const auto stranger = story.meet("west", "eu");
  west.receive(story.now, stranger, Beacons{{{{"eu", 0}, {1, 1}, 1, {}, 0s}}});
  const auto left = says(stranger, Goodbye::Reason::leaving);
  CHECK(!left.publish);
  CHECK(left.events.size() == 1);
}

TEST_CASE("nobody tells an agent what it has itself", "[discovery]") {
  auto story = east_and_west();
  const auto link = story.connect("east", "west");
  Delta forged;
  forged.origin = {"west", 0};
  forged.incarnation = std::uint64_t{1} << 40;
  forged.to = 1;
  forged.kind = Delta::Kind::snapshot_end;
  story.sends("west", link, forged);
  CHECK(story.node("west").counters().refused == 1);
  CHECK(story.knows("west", "west") == Story::Contents{{"k", "2"}});
}

TEST_CASE("a third's word does not count while the origin speaks", "[discovery]") {
  Story story;
  for (const auto* name : {"east", "west", "eu"}) story.start(name, {{"k", name}});
  story.connect("east", "west");
  const auto link = story.connect("eu", "west");
  story.run(2s);
  const auto at = story.member("west", "east").stamp;
  SECTION("a delta that nobody asked for") {
    Delta forged{
        {"east", 0}, at.incarnation, 0, at.version + 5, 0, {}, {}, Delta::Kind::snapshot_end, {}};
    story.sends("west", link, forged);
    CHECK(story.node("west").counters().refused == 1);
  }
  SECTION("a beacon of another life") {
    const Beacon forged{{"east", 0}, {at.incarnation + (1u << 20), 7}, ~std::uint64_t{0}, {}, 0s};
    story.sends("west", link, Beacons{{forged}});
    story.run(5s);
    CHECK(story.node("east").stamp().incarnation > forged.stamp.incarnation);  // it was told
  }
  SECTION("a beacon of an impossible life closes nothing") {
    const Beacon forged{{"east", 0}, {kMaxIncarnation + 1, 7}, 9, {}, 0s};
    story.sends("west", link, Beacons{{forged}});
    CHECK(story.node("west").counters().malformed == 1);
  }
  story.run(5s);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "east"}});
  CHECK(story.state("west", "east") == State::fresh);
  CHECK(story.actor("west").closed.empty());
}

TEST_CASE("an origin rises above a life that was only heard of", "[discovery]") {
  Story story;
  for (const auto* name : {"west", "eu"}) story.start(name, {{"k", name}});
  const auto link = story.connect("eu", "west");
  const Beacon memory{{"east", 0}, {std::uint64_t{5} << kChanceBits, 3}, 99, {}, 0s};
  story.sends("west", link, Beacons{{memory}});
  CHECK(story.has_heard_of("west", "east"));
  story.start("east", {{"k", "east"}});
  story.connect("east", "west");
  story.run(100ms);
  CHECK(story.node("east").stamp().incarnation > memory.stamp.incarnation);
  CHECK(story.state("west", "east") == State::fresh);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "east"}});
}

TEST_CASE("who holds rows of a lower life than it has heard of tells of both", "[discovery]") {
  Story story;
  for (const auto* name : {"east", "west", "eu"}) story.start(name, {{"k", name}});
  story.connect("east", "west");
  story.connect("west", "eu");
  story.run(3s);
  REQUIRE(story.knows("eu", "east") == Story::Contents{{"k", "east"}});
  const auto rememberer = story.meet("eu", "us");
  const auto life = story.node("east").stamp().incarnation + (std::uint64_t{5} << kChanceBits);
  story.sends("eu", rememberer, Beacons{{{{"east", 0}, {life, 0}, 1, {}, 0s}}});
  story.run(3s);
  CHECK(story.node("east").stamp().incarnation > life);
  CHECK(story.knows("eu", "east") == Story::Contents{{"k", "east"}});
  CHECK(story.state("eu", "east") == State::fresh);
}

TEST_CASE("a memory of ourselves that nobody could rise above is not believed", "[discovery]") {
  auto story = east_and_west();
  const auto link = story.connect("east", "west");
  const auto before = story.node("west").stamp();
  for (const auto claimed : {kMaxIncarnation, kMaxIncarnation - 1, kMaxIncarnation + 1})
    story.sends("west", link, Beacons{{{{"west", 0}, {claimed, 9}, 1, {}, 0s}}});
  CHECK(story.node("west").stamp() == before);
  story.says("west", {{"k", "3"}});
  story.run(1s);
  CHECK(story.knows("east", "west") == Story::Contents{{"k", "3"}});
}

TEST_CASE("who claims to know later lives of ours is heard a few times, then once a second",
          "[discovery]") {
  auto story = east_and_west();
  const auto link = story.connect("east", "west");
  const auto before = story.node("west").stamp();
  const auto claim = [&] {
    for (std::uint64_t n = 1; n <= 100; ++n) {
      const auto claimed = story.node("west").stamp().incarnation + n;
      story.sends("west", link, Beacons{{{{"west", 0}, {claimed, 1}, 1, {}, 0s}}});
    }
  };
  claim();
  CHECK(story.node("west").stamp().incarnation > before.incarnation);
  CHECK(story.node("west").counters().refutations == 8);
  story.run(2500ms);
  claim();
  CHECK(story.node("west").counters().refutations >= 10);
  CHECK(story.node("west").counters().refutations <= 11);
}

TEST_CASE("who opens more links than an agent needs loses the oldest", "[discovery]") {
  auto story = east_and_west();
  for (int n = 0; n < 7; ++n) story.connect("east", "west");
  story.run(1s);
  CHECK(story.actor("west").closed.size() + story.actor("east").closed.size() >= 3);
  story.says("east", {{"k", "still heard"}});
  story.run(100ms);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "still heard"}});
}

TEST_CASE("a copy that differs at an equal stamp is counted and mended by its origin",
          "[discovery]") {
  auto story = east_and_west();
  const auto link = story.connect("east", "west");
  const auto at = story.member("west", "east").stamp;
  const auto proof = state_hash({at.incarnation, at.version + 1}, Rows());
  Delta forged{
      {"east", 0}, at.incarnation, 0, at.version + 1, 0, proof, {}, Delta::Kind::snapshot_end, {}};
  story.sends("west", link, forged);  // an empty state, one version ahead
  CHECK(story.knows("west", "east").empty());
  story.says("east", {{"k", "next"}});  // the same version, other rows
  story.run(3s);
  CHECK(story.node("west").counters().divergences > 0);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "next"}});
}

TEST_CASE("endpoints that fail by themselves are told apart", "[discovery]") {
  Story story;
  story.start("east", endpoints(1, 4));
  story.start("west");
  story.answering = {address(1), address(2), address(3)};
  story.connect("east", "west");
  story.run(1s);
  story.kill("east");
  story.run(5s);
  CHECK(story.state("west", "east") == State::stale);
  const auto publication = story.node("west").publication(story.now);
  CHECK(publication->origins.front().path_failed == std::vector{address(4)});
  story.start("east", endpoints(1, 4));
  story.connect("east", "west");
  story.run(1s);
  CHECK(story.node("west").publication(story.now)->origins.front().path_failed.empty());
}

TEST_CASE("a source changes its own rows and no other's", "[discovery]") {
  Story story;
  story.start("east", {{"a", "files"}, {"both", "files"}});
  auto set = [&](const std::string& source, std::vector<EncodedRow> rows) {
    story.act("east", story.node("east").replace_local(story.now, source, std::move(rows)));
  };
  set("api", {{"b", "api"}, {"both", "api"}});
  CHECK(story.knows("east", "east") ==
        Story::Contents{{"a", "files"}, {"b", "api"}, {"both", "api"}});
  const auto stamp = story.node("east").stamp();
  set("api", {{"b", "api"}, {"both", "api"}});
  CHECK(story.node("east").stamp() == stamp);
  set("api", {});
  CHECK(story.knows("east", "east") == Story::Contents{{"a", "files"}, {"both", "files"}});
  set("api", {{std::string(kMaxKeyBytes + 1, 'x'), "too long"}});
  CHECK(story.node("east").counters().refused == 1);
  CHECK(story.knows("east", "east").size() == 2);
}

TEST_CASE("synced is the sources and one peer's news, or ten seconds", "[discovery]") {
  Story story;
  story.start("east", {{"k", "1"}});
  CHECK(!story.node("east").synced(story.now));
  SECTION("a peer") {
    story.start("west", {{"k", "2"}});
    story.connect("east", "west");
    CHECK(story.node("east").synced(story.now));
    CHECK(story.node("east").publication(story.now)->synced);
  }
  SECTION("nobody") {
    story.run(10s);
    CHECK(story.node("east").synced(story.now));
  }
  SECTION("nobody to wait for: the sources alone") {
    auto config = story.config("lone");
    config.sync_patience = 0s;
    story.start(config, "lone", {{"k", "3"}});
    story.run(1s);
    CHECK(!story.node("lone").synced(story.now));
    CHECK(story.node("lone").local_ready(story.now).publish);
    CHECK(story.node("lone").synced(story.now));
  }
}

TEST_CASE("a large state crosses in frames and beacons are not held up by it", "[discovery]") {
  Story story;
  Story::Contents rows;
  for (int n = 0; n < 500; ++n) rows["k" + std::to_string(n)] = std::string(100, 'v');
  story.max_frame = 1000;
  story.start("east", rows);
  story.start("west");
  story.connect("east", "west");
  CHECK(story.knows("west", "east") == rows);
  CHECK(story.node("west").counters().snapshots_applied >= 1);
  CHECK(story.node("east").counters().frames_sent > 60);
}

TEST_CASE("who has only heard of an origin is not asked for its rows", "[discovery]") {
  Story story;
  story.start("west");
  const OriginId east{"east", 0};
  std::vector<LinkId> heard_only;
  for (const auto* name : {"a", "b", "c"}) heard_only.push_back(story.meet("west", name));
  const auto has = story.meet("west", "d");
  std::size_t asked = 0;
  for (int second = 0; second < 20; ++second) {
    const auto sequence = static_cast<std::uint64_t>(second) + 1;
    auto& west = story.node("west");
    for (const auto link : heard_only)
      west.receive(story.now, link, Beacons{{{east, {1, 0}, sequence, {}, 0s, true}}});
    west.receive(story.now, has, Beacons{{{east, {1, 3}, sequence, {}, 0s, true}}});
    west.tick(story.now);
    for (const auto link : heard_only)
      while (const auto frame = west.next_frame(story.now, link, 10'000))
        CHECK_FALSE(std::holds_alternative<Pull>(*frame));
    while (const auto frame = west.next_frame(story.now, has, 10'000))
      asked += std::holds_alternative<Pull>(*frame) ? 1 : 0;
    story.run(1s);
  }
  CHECK(asked > 0);
}

TEST_CASE("a claim that nobody can serve holds up nothing that others can", "[discovery]") {
  auto story = east_and_west();
  story.start("north");
  story.connect("east", "west");
  story.connect("west", "north");
  story.run(2s);
  const auto liar = story.meet("north", "liar");
  auto claim = story.node("east").stamp();
  claim.version += 1000;
  story.sends("north", liar, Beacons{{{Story::origin("east"), claim, 0, {}, 0s}}});
  story.says("east", {{"k", "2"}});
  story.run(7s);  // who claims is asked first, and again
  for (const auto* value : {"3", "4", "5"}) {
    story.says("east", {{"k", value}});
    story.run(3s);
    CHECK(story.knows("north", "east") == Story::Contents{{"k", value}});
  }
}

TEST_CASE("a claim that is taken back is forgotten", "[discovery]") {
  auto story = east_and_west();
  story.start("north");
  const auto liar = story.meet("north", "liar");  // asked before others
  story.connect("east", "west");
  story.connect("west", "north");
  story.run(2s);
  const auto truth = story.node("east").stamp();
  const auto says = [&](Stamp stamp) {
    story.sends("north", liar, Beacons{{{Story::origin("east"), stamp, 0, {}, 0s}}});
  };
  says({truth.incarnation, truth.version + 1000});
  story.run(1s);
  says(truth);
  story.run(4s);
  for (const auto* value : {"2", "3", "4"}) {
    story.says("east", {{"k", value}});
    story.run(1500ms);
    CHECK(story.knows("north", "east") == Story::Contents{{"k", value}});
  }
}
