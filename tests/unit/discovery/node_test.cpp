#include "discovery/catalog.hpp"
#include "discovery/pace.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;
using State = Story::State;

TEST_CASE("two agents that meet know each other's rows", "[discovery]") {
  Story story;
  story.start("east", {{"s/a/web", "1"}});
  story.start("west", {{"s/a/web", "2"}, {"s/a/db", "3"}});
  story.connect("east", "west");
  CHECK(story.knows("east", "west") == Story::Contents{{"s/a/web", "2"}, {"s/a/db", "3"}});
  CHECK(story.knows("west", "east") == Story::Contents{{"s/a/web", "1"}});
}

TEST_CASE("the first change goes at once, the next ones together 20 ms later", "[discovery]") {
  Story story;
  story.start("east", {{"k", "1"}});
  story.start("west");
  story.connect("east", "west");
  story.run(500ms);
  story.says("east", {{"k", "2"}});
  story.run(0ms);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "2"}});
  story.says("east", {{"k", "3"}});
  story.says("east", {{"k", "4"}});
  story.run(19ms);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "2"}});
  story.run(1ms);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "4"}});
}

TEST_CASE("a removed row goes everywhere and stays removed", "[discovery]") {
  Story story;
  for (const auto* name : {"east", "west", "eu"}) story.start(name, {{"k", name}, {"x", "1"}});
  story.connect_all();
  story.says("east", {{"k", "east"}});
  story.run(5s);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "east"}});
  CHECK(story.knows("eu", "east") == Story::Contents{{"k", "east"}});
}

TEST_CASE("a missing direct link is bridged by whoever has both", "[discovery]") {
  Story story;
  for (const auto* name : {"east", "west", "eu"}) story.start(name, {{"k", name}});
  story.connect("east", "west");
  story.connect("west", "eu");
  story.run(2500ms);
  CHECK(story.knows("eu", "east") == Story::Contents{{"k", "east"}});
  CHECK(story.member("eu", "east").via == "west");
  CHECK(story.state("eu", "east") == State::fresh);
}

TEST_CASE("nothing is relayed that was not asked for", "[discovery]") {
  Story story;
  for (const auto* name : {"east", "west", "eu"}) story.start(name, {{"k", name}});
  story.connect_all();
  story.run(5s);
  story.says("east", {{"k", "new"}});
  story.run(5s);
  for (const auto* name : {"east", "west", "eu"})
    CHECK(story.node(name).counters().duplicates + story.node(name).counters().refused == 0);
}

TEST_CASE("an agent that is killed is suspected at once and dead after 15 s", "[discovery]") {
  Story story;
  story.start("east", {{"k", "1"}});
  story.start("west");
  story.connect("east", "west");
  story.run(2s);
  story.kill("east");
  CHECK(story.state("west", "east") == State::suspect);
  story.run(16s);
  CHECK(story.state("west", "east") == State::dead);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "1"}});
}

TEST_CASE("an agent without its disk jumps above what its peers hold", "[discovery]") {
  Story story;
  story.start("west");
  story.start("east", {{"k", "1"}, {"gone", "1"}});
  story.connect("east", "west");
  const auto before = story.member("west", "east").stamp;
  story.kill("east");
  story.start("east", {{"k", "2"}});
  story.connect("east", "west");
  story.run(1s);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "2"}});
  CHECK(story.member("west", "east").stamp > before);
  CHECK(story.state("west", "east") == State::fresh);
}

TEST_CASE("an agent that has not read its sources says nothing of itself", "[discovery]") {
  Story story;
  story.start("west");
  story.start("east", {{"k", "1"}});
  story.connect("east", "west");
  story.kill("east");
  story.start(story.config("east"), "east", {});
  story.connect("east", "west");
  story.run(2s);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "1"}});
}

TEST_CASE("who always has something new to say still answers and shows that he lives",
          "[discovery]") {
  Story story;
  for (const auto* name : {"a", "m", "z"}) story.start(name, {{"k", name}});
  story.connect("a", "m");
  story.connect("z", "m");
  auto& m = story.node("m");
  const auto link = story.meet("m", "west");
  m.receive(story.now, link, Beacons{});
  for (const auto* name : {"a", "z"}) m.receive(story.now, link, Pull{Story::origin(name), {}});
  std::map<std::string, int> told;
  int beacons = 0;
  for (int round = 0; round < 50; ++round) {  // a frame each 100 ms is all that the link takes
    story.now += 100ms;
    m.replace_local(story.now, "files", {{"k", std::to_string(round)}});
    m.tick(story.now);
    const auto frame = m.next_frame(story.now, link);
    if (!frame) continue;
    beacons += std::holds_alternative<Beacons>(*frame) ? 1 : 0;
    if (const auto* delta = std::get_if<Delta>(&*frame)) ++told[delta->origin.cluster];
  }
  CHECK(beacons >= 4);
  CHECK(told["a"] == 1);
  CHECK(told["z"] == 1);
  CHECK(told["m"] > 30);
}

TEST_CASE("bulk lets everything else go between its parts, if the reader can tell them apart",
          "[discovery]") {
  const bool turns = GENERATE(true, false);
  Story story;
  Story::Contents many;
  for (int n = 100; n < 150; ++n) many["k" + std::to_string(n)] = std::string(100, 'v');
  story.start("a", many);
  story.start("b", {{"k", "b"}});
  story.start("m", {{"k", "m"}});
  story.connect("a", "m");
  story.connect("b", "m");
  auto& m = story.node("m");
  const auto link = story.meet("m", "west", turns ? kFeatureTurns : 0);
  Catalog west(100);
  std::string told;  // whose delta was whole, in order; "." = a part of a's
  const auto hear = [&] {
    const auto frame = m.next_frame(story.now, link, 300);
    const auto* delta = frame ? std::get_if<Delta>(&*frame) : nullptr;
    if (!delta) return frame.has_value();
    const auto applied = west.apply(1, Catalog::From::relay, *delta);
    REQUIRE((applied == Applied::applied || applied == Applied::part));
    told += applied == Applied::part ? "." : delta->origin.cluster;
    return true;
  };
  m.receive(story.now, link, Beacons{});
  while (hear()) continue;
  told.clear();
  m.receive(story.now, link, Pull{{"a", 0}, {}});
  for (int n = 0; told.find('a') == std::string::npos; ++n) {
    REQUIRE(n < 200);
    if (n == 4) m.receive(story.now, link, Pull{{"b", 0}, {}});
    story.now += 30ms;
    m.replace_local(story.now, "files", {{"k", std::to_string(n)}});
    m.tick(story.now);
    hear();
  }
  while (hear()) continue;
  if (turns) {
    CHECK(told.find(".m.m.") != std::string::npos);
    CHECK(told.find('b') < 12);
  } else {
    CHECK(told.substr(told.find('.')).find_first_not_of('.') ==
          told.substr(told.find('.')).find('a'));
  }
  CHECK(west.stamp({"m", 0}) == m.stamp());
  CHECK(west.stamp({"a", 0}) == story.node("a").stamp());
}

TEST_CASE("a part of bulk is what its link takes in a quarter of a second", "[discovery]") {
  base::TimePoint now{1h};
  Pace pace;
  const auto carry = [&](std::size_t bytes_a_second) {
    for (int part = 0; part < 10; ++part) {
      pace.sent(now);
      now += base::Duration(std::chrono::seconds(pace.part_bytes())) /
             static_cast<long>(bytes_a_second);
      pace.left(now);
      pace.left(now + 1h);  // what comes later is nobody's slowness
    }
    return pace.part_bytes();
  };
  CHECK(carry(100'000'000) == kMaxFrameBytes);
  CHECK(carry(400'000) == Approx(100'000).epsilon(0.01));
  CHECK(carry(1'000) == kLeastPartBytes);
  CHECK(carry(100'000'000) == kMaxFrameBytes);
}

TEST_CASE("what is owed of ourselves goes before the beacon that shows it", "[discovery]") {
  Story story;
  story.start("m", {{"k", "1"}});
  auto& m = story.node("m");
  const auto link = story.meet("m", "west");
  while (m.next_frame(story.now, link)) continue;
  m.receive(story.now, link, Beacons{});
  story.now += 2s;
  m.tick(story.now);
  m.replace_local(story.now, "files", {{"k", "2"}});
  auto frame = m.next_frame(story.now, link);
  REQUIRE(frame);
  CHECK(std::holds_alternative<Delta>(*frame));
  m.replace_local(story.now + 50ms, "files", {{"k", "3"}});
  frame = m.next_frame(story.now + 50ms, link);
  REQUIRE(frame);
  CHECK(std::holds_alternative<Beacons>(*frame));
}

TEST_CASE("who asks for the whole gets the whole, whatever changes meanwhile", "[discovery]") {
  Story story;
  story.start("m", {{"k", "1"}, {"l", "1"}});
  auto& m = story.node("m");
  const auto link = story.meet("m", "west");
  m.receive(story.now, link, Beacons{{{{"m", 0}, m.stamp(), 0, {}, 0s}}});
  while (m.next_frame(story.now, link)) continue;
  m.receive(story.now, link, Pull{{"m", 0}, {m.stamp().incarnation, 0}});
  m.replace_local(story.now + 1s, "files", {{"k", "2"}, {"l", "1"}});
  const auto frame = m.next_frame(story.now + 1s, link);
  REQUIRE(frame);
  REQUIRE(std::holds_alternative<Delta>(*frame));
  CHECK(std::get<Delta>(*frame).kind == Delta::Kind::snapshot_end);
}

TEST_CASE("all that has arrived is heard before anybody is called silent", "[discovery]") {
  Story story;
  story.start("m");
  auto& m = story.node("m");
  const auto east = story.meet("m", "east"), west = story.meet("m", "west");
  const auto life = std::uint64_t{1} << 32;
  std::uint64_t sequence = 0;
  const auto both_speak = [&] {
    ++sequence;
    std::vector<Event> events;
    for (const auto& [link, name] : {std::pair{east, "east"}, {west, "west"}}) {
      auto effects =
          m.receive(story.now, link, Beacons{{{{name, 0}, {life, 1}, sequence, {}, 0s}}});
      events.insert(events.end(), effects.events.begin(), effects.events.end());
    }
    return events;
  };
  both_speak();
  const auto missed = story.now + 3s;
  while (m.next_deadline() < missed) {
    story.now = m.next_deadline();
    m.tick(story.now);
  }
  story.now = missed;
  CHECK(both_speak().empty());
  CHECK(m.tick(story.now).events.empty());
  CHECK(story.state("m", "east") == State::fresh);
  CHECK(story.state("m", "west") == State::fresh);
}

TEST_CASE("a claim of our own life that came too soon to be refuted holds up no push",
          "[discovery]") {
  Story story;
  story.start("east", {{"k", "1"}});
  story.start("west", {{"k", "2"}});
  const auto link = story.connect("east", "west");
  for (int n = 0; n < 20; ++n) {
    const Stamp claimed{story.node("west").stamp().incarnation, 1'000};
    story.sends("west", link, Beacons{{{{"west", 0}, claimed, 1, {}, 0s}}});
  }
  REQUIRE(story.node("west").counters().refutations < 20);
  story.says("west", {{"k", "3"}});
  story.run(100ms);
  CHECK(story.knows("east", "west") == Story::Contents{{"k", "3"}});
}
