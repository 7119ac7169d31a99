// Who is told of whom, and how little an idle link says.
#include "discovery/still.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;
using State = Story::State;

namespace {

constexpr base::TimePoint kNoon{12h};

Beacons beacons_at(std::uint64_t sequence) {
  return {{{{"west", 0}, {7, 3}, 0, {1, 2}, {}}, {{"east", 0}, {9, 4}, sequence, {3, 4}, {}}}};
}

// Three agents, each with a link to both others.
struct Triangle {
  Story story;
  LinkId east_west = 0;
};

Triangle triangle() {
  Story story;
  for (const auto* name : {"east", "north", "west"}) story.start(name, {{"k", name}});
  story.connect("east", "north");
  story.connect("north", "west");
  const auto link = story.connect("east", "west");
  story.run(3s);
  return {std::move(story), link};
}

// Counts what is said about `origin` from now on by others than itself and to others than itself.
void count_words(Story& story, const std::string& origin, std::size_t& count) {
  count = 0;
  story.hears_frame = [&count, origin](const auto& from, const auto& to, const Frame& frame) {
    const auto* beacons = std::get_if<Beacons>(&frame);
    if (!beacons || from == origin || to == origin) return;
    for (const auto& beacon : beacons->beacons) count += beacon.origin.cluster == origin ? 1 : 0;
  };
}

}  // namespace

TEST_CASE("Beacons that repeat the last go as Still and mean the same") {
  Repeats sender, reader;
  const OriginId east{"east", 0};
  const auto whole = sender.say(kNoon, east, beacons_at(1));
  REQUIRE(std::holds_alternative<Beacons>(whole));
  reader.heard(east, std::get<Beacons>(whole));
  const auto still = sender.say(kNoon + 1s, east, beacons_at(2));
  REQUIRE(std::holds_alternative<Still>(still));
  CHECK(reader.meant(east, std::get<Still>(still)) == beacons_at(2));
  CHECK_FALSE(Repeats().meant(east, std::get<Still>(still)));
}

TEST_CASE("what has changed, and whatever was said long ago, is said whole") {
  Repeats sender;
  const OriginId east{"east", 0};
  sender.say(kNoon, east, beacons_at(1));
  auto changed = beacons_at(2);
  SECTION("the receiver's own stamp") { changed.beacons[0].stamp.version = 4; }
  SECTION("a word about a third, by its sequence") { changed.beacons[0].sequence = 1; }
  SECTION("the age") { changed.beacons[0].age = 1ms; }
  SECTION("the hash") { changed.beacons[1].state_hash.low = 5; }
  SECTION("who is missed") { changed.beacons[0].missed = true; }
  SECTION("one more") { changed.beacons.push_back({{"north", 0}, {1, 1}, 1, {}, {}}); }
  CHECK(std::holds_alternative<Beacons>(sender.say(kNoon + 1s, east, changed)));
  CHECK(std::holds_alternative<Beacons>(sender.say(kNoon + 1s + kWholeBeacons, east, changed)));
}

TEST_CASE("Beacons of many do not repeat, and nobody keeps them") {
  Repeats sender, reader;
  const OriginId east{"east", 0};
  auto many = beacons_at(1);
  while (many.beacons.size() <= kRepeatable)
    many.beacons.push_back({{"c" + std::to_string(many.beacons.size()), 0}, {1, 1}, 1, {}, {}});
  sender.say(kNoon, east, many);
  CHECK(std::holds_alternative<Beacons>(sender.say(kNoon + 1s, east, many)));
  reader.heard(east, many);
  CHECK_FALSE(reader.meant(east, {beacons_digest(many, east), 2}));
  many.beacons.pop_back();
  sender.say(kNoon, east, many);
  reader.heard(east, many);
  const auto still = sender.say(kNoon + 1s, east, many);
  REQUIRE(std::holds_alternative<Still>(still));
  CHECK(reader.meant(east, std::get<Still>(still)) == many);
}

TEST_CASE("where everybody hears everybody nobody speaks of a third, and little of himself") {
  auto story = triangle().story;
  std::size_t still = 0, whole = 0, thirds = 0;
  story.hears_frame = [&](const auto& from, const auto& to, const Frame& frame) {
    still += std::holds_alternative<Still>(frame) ? 1 : 0;
    const auto* beacons = std::get_if<Beacons>(&frame);
    if (!beacons) return;
    ++whole;
    for (const auto& beacon : beacons->beacons)
      thirds += beacon.origin.cluster != from && beacon.origin.cluster != to ? 1 : 0;
  };
  story.run(60s);
  CHECK(thirds == 0);
  CHECK(still > 6 * 50);
  CHECK(whole <= 6 * 6);
}

TEST_CASE("a link that only said that nothing is new still knows when its peer is lost and back") {
  auto story = triangle().story;
  story.run(8s);
  story.says("east", {{"k", "new"}});
  story.run(100ms);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "new"}});
  story.run(8s);
  CHECK(story.state("west", "east") == State::fresh);
  story.kill("east");
  story.run(4s);
  CHECK(story.state("west", "east") != State::fresh);
}

TEST_CASE("whose only link is reset is heard of through others at its next word") {
  auto [story, link] = triangle();
  story.cut(link);
  story.run(2200ms);
  CHECK(story.state("west", "east") == State::fresh);
  story.says("east", {{"k", "by the way round"}});
  story.run(3s);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "by the way round"}});
  story.run(30s);
  CHECK(story.state("west", "east") == State::fresh);
}

TEST_CASE("a link that we give up for its silence suspects nobody who is heard through others") {
  auto [story, link] = triangle();
  story.blackhole(link);
  story.run(6s);
  REQUIRE(story.state("west", "east") == State::fresh);
  std::size_t suspicions = 0;
  story.hears_event = [&](const std::string& who, const Event& event) {
    suspicions += who == "west" && event.kind == Event::Kind::suspect ? 1 : 0;
  };
  story.run(20s);
  CHECK(story.actor("west").closed.size() + story.actor("east").closed.size() >= 1);
  CHECK(suspicions == 0);
}

TEST_CASE("who is new is told to everybody, once") {
  auto story = triangle().story;
  std::size_t words = 0;
  count_words(story, "south", words);
  story.start("south", {{"k", "south"}});
  story.connect("south", "east");
  story.run(5s);
  CHECK(story.knows("west", "south") == Story::Contents{{"k", "south"}});
  story.connect("south", "west");
  story.connect("south", "north");
  story.run(5s);
  words = 0;
  story.run(30s);
  CHECK(words == 0);
}

TEST_CASE("who comes back from the dead is told to those that it has no link to") {
  auto story = triangle().story;
  story.kill("east");
  story.run(40s);
  CHECK(story.state("west", "east") == State::dead);
  story.start("east", {{"k", "east again"}});
  story.connect("east", "north");
  story.run(5s);
  CHECK(story.state("west", "east") == State::fresh);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "east again"}});
}
