// Who falls silent, is cut off, leaves, is forgotten and comes back.
#include "tests/unit/discovery/endpoints.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;
using State = Story::State;

TEST_CASE("who is cut off from everybody demotes nobody", "[discovery]") {
  const std::vector<std::string> others{"a", "b", "c", "d", "e"};
  Story story;
  story.start("me");
  std::vector<LinkId> links;
  for (std::uint32_t n = 0; n < others.size(); ++n) {
    story.start(others[n], endpoints(10 * n, 2));
    links.push_back(story.connect("me", others[n]));
  }
  story.run(2s);
  SECTION("all fall silent") {
    for (const auto link : links) story.blackhole(link);
    story.run(60s);
    for (const auto& other : others) CHECK(story.state("me", other) == State::suspect);
  }
  SECTION("three of five die, and the others say so") {
    story.connect_all();
    story.run(2s);
    for (const auto* name : {"a", "b", "c"}) story.kill(name);
    story.run(25s);
    CHECK(story.state("me", "a") == State::dead);
  }
}

// What a chain of agents passes on is never young, in any weather.
TEST_CASE("who hears everybody from afar judges like who is near", "[discovery]") {
  Story story;
  story.start("me");
  story.start("a", endpoints(1, 2));
  const auto own = story.connect("me", "a");
  story.run(2s);
  const auto life = story.node("a").stamp();
  story.cut(own);
  const auto link = story.meet("me", "hub");
  for (std::uint64_t sequence = 1'000; sequence < 1'008; ++sequence, story.run(1s)) {
    std::vector<Beacon> words;
    for (const auto* far : {"a", "b", "c", "d", "e"})
      words.push_back({{far, 0}, *far == 'a' ? life : Stamp{1, 1}, sequence, {}, 1950ms});
    story.sends("me", link, Beacons{std::move(words)});
  }
  CHECK(story.state("me", "a") == State::demoted);  // its endpoints do not answer
}

TEST_CASE("an agent that was stalled does not blame the others", "[discovery]") {
  Story story;
  story.start("east", endpoints(1, 2));
  story.start("west");
  story.connect("east", "west");
  story.run(2s);
  story.actor("west").deaf_until = story.now + 8s;
  story.run(8s);
  story.act("west", story.node("west").tick(story.now));
  CHECK(story.state("west", "east") == State::fresh);
  CHECK(!mentions(story.actor("west").closed, "silent"));
}

TEST_CASE("a planned restart changes no answer, a departure does at once", "[discovery]") {
  Story story;
  story.start("east", {{"k", "1"}});
  story.start("west");
  story.connect("east", "west");
  story.run(1s);
  SECTION("returning") {
    story.act("east", story.node("east").leave(story.now, Goodbye::Reason::returning));
    story.run(10ms);
    story.kill("east");
    story.run(30s);
    CHECK(story.state("west", "east") == State::returning);
  }
  SECTION("leaving") {
    story.act("east", story.node("east").leave(story.now, Goodbye::Reason::leaving));
    story.run(10ms);
    story.kill("east");
    CHECK(story.state("west", "east") == State::dead);
  }
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "1"}});
  story.start("east", {{"k", "2"}});
  story.connect("east", "west");
  story.run(100ms);
  CHECK(story.state("west", "east") == State::fresh);
}

TEST_CASE("what was forgotten does not come back from those who remember it", "[discovery]") {
  Story story;
  for (const auto* name : {"east", "west", "eu"}) story.start(name, {{"k", name}});
  story.connect_all();
  story.run(2s);
  story.kill("east");
  story.run(20s);
  story.act("west", story.node("west").forget(story.now, "east"));
  story.run(10s);
  CHECK(!story.has_heard_of("west", "east"));
  CHECK(story.has_heard_of("eu", "east"));
  story.start("east", {{"k", "back"}});
  story.connect("east", "eu");
  story.run(4s);
  CHECK(story.knows("west", "east") == Story::Contents{{"k", "back"}});
}

TEST_CASE("who was forgotten and begins a lower life comes back by a young word of another",
          "[discovery]") {
  Story story;
  for (const auto* name : {"east", "west"}) story.start(name, {{"k", name}});
  story.connect_all();
  story.run(2s);
  const auto life = story.node("east").stamp().incarnation;
  story.kill("east");
  story.act("west", story.node("west").forget(story.now, "east"));
  const auto link = story.meet("west", "north");
  const auto says = [&](std::uint64_t incarnation, std::uint64_t sequence, base::Duration age) {
    story.sends("west", link, Beacons{{{{"east", 0}, {incarnation, 1}, sequence, {}, age}}});
    return story.has_heard_of("west", "east");
  };
  CHECK_FALSE(says(life, 1, 0s));        // what we had heard already
  CHECK_FALSE(says(life - 1, 1, 1min));  // it may have been dead for long
  CHECK(says(life - 1, 1, 1s));
}

// East's agent 1 serves its cluster, so agent 0 is forgotten a minute after its death.
TEST_CASE("who comes back after long is told of to those who have stopped asking", "[discovery]") {
  Story story;
  for (const auto* name : {"east", "east/1", "west"}) story.start(name, {{"k", name}});
  story.connect_all();
  story.run(2s);
  story.kill("east");
  story.run(8s);
  REQUIRE(story.state("west", "east") == State::suspect);  // spared, as it is covered
  auto config = story.config("new");
  story.start(std::move(config), "new", {});
  SavedState saved;
  for (const auto& origin : story.node("west").publication(story.now)->origins)
    if (origin.id == Story::origin("east"))
      saved.origins.push_back({origin.id, origin.stamp, origin.rows, true});
  story.act("new", story.node("new").restore(story.now, std::move(saved)));
  story.act("new", story.node("new").local_ready(story.now));
  story.connect("new", "west");
  story.run(50500ms);
  REQUIRE(story.state("new", "east") == State::dead);  // it asks for it now and then only
  story.start("east", {{"k", "2"}});
  story.connect("east", "west");
  story.run(15s);
  CHECK(story.knows("new", "east") == Story::Contents{{"k", "2"}});
}
