#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>  // last: its CHECK takes the place of base's

using namespace std::chrono_literals;
using discovery::Goodbye;
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
    CHECK(story.node(name).counters().duplicates == 0);
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
