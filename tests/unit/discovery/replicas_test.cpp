// Several agents of one cluster, told as stories.
#include <algorithm>

#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using State = discovery::Member::State;

namespace {

Story::Contents endpoints(std::initializer_list<int> numbers) {
  Story::Contents contents;
  for (const int number : numbers) {
    discovery::EndpointRow row{"shop", "web", "10.0.0." + std::to_string(number), {}};
    row.ip = *base::IpAddress::parse(row.id);
    row.traits.ports = {{"http", 9080}};
    const auto encoded = discovery::encode(row);
    contents.emplace(encoded.key, encoded.value);
  }
  return contents;
}

// Whose rows `who` takes of a cluster; exactly one.
std::string taken(Story& story, const std::string& who, const std::string& cluster) {
  std::string found;
  for (const auto& origin : story.node(who).publication(story.now)->origins)
    if (origin.id.cluster == cluster && origin.taken)
      found += (found.empty() ? "" : ",") + origin.id.to_string();
  return found;
}

std::size_t count(const Story::Actor& actor, const std::string& part) {
  return static_cast<std::size_t>(std::ranges::count_if(
      actor.events, [&](const auto& event) { return event.find(part) != event.npos; }));
}

// West hears both agents of east, whose endpoint answers, and takes the lowest: the link to that.
discovery::LinkId connect_two_of_east(Story& story) {
  story.answering = {*base::SocketAddress::parse("10.0.0.1:9080")};
  for (const auto* name : {"east", "east/1"}) story.start(name, endpoints({1}));
  story.start("west", endpoints({9}));
  const auto own = story.connect("east", "west");
  story.connect("east/1", "west");
  story.run(2s);
  REQUIRE(taken(story, "west", "east") == "east");
  return own;
}

}  // namespace

TEST_CASE("when the agent that is taken dies its sibling is taken at once, without a question") {
  Story story;
  for (const auto* name : {"east", "east/1"}) story.start(name, endpoints({1}));
  story.start("west", endpoints({9}));
  story.connect_all();
  story.run(2s);
  CHECK(taken(story, "west", "east") == "east");
  std::size_t probes = 0;
  story.hears_probe = [&](const auto&, const auto&) { ++probes; };
  story.kill("east");
  CHECK(taken(story, "west", "east") == "east/1");
  story.run(30s);
  CHECK(probes == 0);
  CHECK(story.state("west", "east") == State::suspect);
  story.start("east", endpoints({1}));
  story.connect("east", "west");
  story.run(2s);
  CHECK(taken(story, "west", "east") == "east/1");
  CHECK(story.state("west", "east") == State::fresh);
}

TEST_CASE("a replica that is gone is dropped after a minute, and no relay brings it back") {
  Story story;
  for (const auto* name : {"east", "east/1"}) story.start(name, endpoints({1}));
  for (const auto* name : {"west", "eu"}) story.start(name, endpoints({9}));
  story.connect_all();
  story.run(2s);
  story.kill("east");
  story.run(58s);
  CHECK(story.has_heard_of("west", "east"));
  story.run(5s);
  for (const auto* viewer : {"west", "eu", "east/1"})
    CHECK_FALSE(story.has_heard_of(viewer, "east"));
  // A newcomer asks; who was away and remembers tells.
  story.start("asia", endpoints({8}));
  story.connect("asia", "west");
  story.run(5s);
  CHECK_FALSE(story.has_heard_of("asia", "east"));
  story.start("east", endpoints({1}));
  story.connect("east", "west");
  story.run(2s);
  CHECK(story.state("west", "east") == State::fresh);
}

TEST_CASE("the last agent of a cluster is not dropped") {
  Story story;
  story.start("east", endpoints({1}));
  story.start("west", endpoints({9}));
  story.connect_all();
  story.run(1s);
  story.kill("east");
  story.run(120s);
  CHECK(story.has_heard_of("west", "east"));
}

TEST_CASE("what an agent drains is nothing that it serves") {
  Story story;
  const auto drain = encode(discovery::RowValue(discovery::DrainRow{{discovery::DrainState()}}));
  story.start("east", {{drain.key, drain.value}});
  story.start("east/1", endpoints({1}));
  story.start("west", endpoints({9}));
  story.connect_all();
  story.run(2s);
  CHECK(taken(story, "west", "east") == "east/1");
  CHECK(taken(story, "east", "east") == "east/1");
}

TEST_CASE("a stuck replica keeps no endpoint alive that is gone") {
  Story story;
  story.answering = {*base::SocketAddress::parse("10.0.0.1:9080")};
  for (const auto* name : {"east", "east/1"}) story.start(name, endpoints({1, 2}));
  story.start("west", endpoints({9}));
  story.connect_all();
  story.run(2s);
  story.act("east", story.node("east").source_stuck(story.now, "resources cannot be read"));
  story.run(50ms);
  CHECK(taken(story, "west", "east") == "east/1");
  CHECK(story.member("west", "east").stuck == "resources cannot be read");
  CHECK(taken(story, "east", "east") == "east/1");
  story.says("east/1", endpoints({1}));
  story.run(50ms);
  // Its sibling's agent dies: what that said last is younger than what the stuck one says.
  story.kill("east/1");
  story.run(5s);
  CHECK(taken(story, "west", "east") == "east/1");
  story.says("east", endpoints({1}));
  story.act("east", story.node("east").source_stuck(story.now, ""));
  story.run(50ms);
  CHECK(taken(story, "west", "east") == "east");
  CHECK(taken(story, "east", "east") == "east");
}

TEST_CASE("an old word does not hide that the newest rows of an agent do not come") {
  Story story;
  const auto own = connect_two_of_east(story);
  const auto old = story.node("east").stamp();
  story.cut(own, discovery::Node::LinkEnd::closed);
  const auto one = story.meet("west", "north"), other = story.meet("west", "south");
  for (std::uint64_t second = 0; second < 7; ++second) {
    const discovery::Stamp newer{old.incarnation, old.version + 1};
    story.sends("west", one,
                discovery::Beacons{{{{"east", 0}, newer, 100 + second, {}, 0s}}});  // and no rows
    story.sends("west", other, discovery::Beacons{{{{"east", 0}, old, 99, {}, 1s}}});
    story.run(1s);
  }
  CHECK(story.state("west", "east") == State::fresh);
  CHECK(taken(story, "west", "east") == "east/1");
}

TEST_CASE("who has restarted is not taken with what it said before") {
  Story story;
  const auto own = connect_two_of_east(story);
  const auto next_life = story.node("east").stamp().incarnation + (std::uint64_t{1} << 40);
  story.cut(own, discovery::Node::LinkEnd::closed);
  const auto north = story.meet("west", "north");
  for (std::uint64_t second = 1; second < 8; ++second) {
    story.sends("west", north, discovery::Beacons{{{{"east", 0}, {next_life, 0}, second, {}, 0s}}});
    story.run(1s);
  }
  CHECK(story.state("west", "east") == State::fresh);
  CHECK(taken(story, "west", "east") == "east/1");
}

TEST_CASE("an agent that restarts takes its sibling's rows until it has read its own") {
  Story story;
  story.start("east/1", endpoints({1}));
  story.start("west", endpoints({9}));
  auto config = story.config("east");
  story.start(config, "east", {});
  story.connect_all();
  story.run(1s);
  CHECK(taken(story, "east", "east") == "east/1");
  story.says("east", endpoints({1}));
  story.act("east", story.node("east").local_ready(story.now));
  CHECK(taken(story, "east", "east") == "east");
  story.run(1s);
  CHECK(taken(story, "west", "east") == "east/1");
}

TEST_CASE("who finds its number taken takes another") {
  Story story;
  const auto begin = [&](const std::string& name) {
    auto config = story.config("east");
    config.slots = 3;
    story.start(config, name, endpoints({1}));
    story.act(name, story.node(name).local_ready(story.now));
  };
  story.start("west", endpoints({9}));
  begin("one");
  story.connect("one", "west");
  story.run(5s);
  begin("two");
  story.connect("two", "west");
  story.run(1s);
  CHECK(story.node("one").self().replica == 0);
  CHECK(story.node("two").self().replica == 1);
  CHECK(count(story.actor("two"), "is already served by another agent") == 1);
  story.connect("two", "west");
  story.run(1s);
  CHECK(story.state("west", "east/1") == State::fresh);
  CHECK(story.knows("west", "east/1") == endpoints({1}));
  // The third meets its siblings alone.
  begin("three");
  story.connect("one", "three");
  story.run(1s);
  CHECK(story.node("one").self().replica == 0);
  CHECK(story.node("three").self().replica == 1);
  story.connect("two", "three");
  story.run(1s);
  CHECK(story.node("two").self().replica == 1);
  CHECK(story.node("three").self().replica == 2);
  story.connect("three", "west");
  story.run(1s);
  CHECK(story.state("west", "east/2") == State::fresh);
}

TEST_CASE(
    "where all numbers are held the newcomer is told what to do, and takes one that falls free") {
  Story story;
  const auto begin = [&](const std::string& name) {
    auto config = story.config("east");
    config.slots = 2;
    story.start(config, name, endpoints({1}));
    story.act(name, story.node(name).local_ready(story.now));
  };
  story.start("west", endpoints({9}));
  for (const auto* name : {"one", "two", "three"}) begin(name);
  story.connect("one", "west");
  story.run(5s);
  story.connect("two", "west");
  story.run(1s);
  story.connect("two", "west");
  story.run(1s);
  story.connect("three", "west");
  story.run(1s);
  story.connect("three", "west");
  story.run(1s);
  CHECK(count(story.actor("three"), "all 2 replica numbers") == 1);
  story.kill("one");
  for (int tries = 0; tries < 3; ++tries) {
    story.run(5s);
    story.connect("three", "west");
  }
  story.run(1s);
  CHECK(story.node("three").self().replica == 0);
  CHECK(story.state("west", "east") == State::fresh);
}
