// Clusters with several agents, as a leaf sees them.
#include "discovery/origin_state.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;

namespace {

const Story::Contents kWeb{{"s/shop/web", "1"}};

// Whose rows `who` takes of a cluster; exactly one.
std::string taken(Story& story, const std::string& who, const std::string& cluster) {
  std::string found;
  for (const auto& origin : story.node(who).publication(story.now)->origins)
    if (origin.id.cluster == cluster && origin.taken)
      found += (found.empty() ? "" : ",") + origin.id.to_string();
  return found;
}

// A leaf whose home is the test.
struct Told {
  Story story;
  std::map<OriginId, Stamp> held;
  std::map<OriginId, Verdict> verdicts;

  Told() {
    story.start_leaf("leaf", "east");
    story.act("leaf", story.node("leaf").link_up(story.now, 77, {"", "home", true}));
    Hello hello;
    hello.self = {"east", 0};
    hello.features = kFeatureLeaves;
    say(hello);
  }
  void say(Frame frame) {
    story.act("leaf", story.node("leaf").receive(story.now, 77, std::move(frame)));
  }
  void give(const std::string& origin, std::uint64_t version, const std::string& key) {
    Delta delta;
    delta.origin = Story::origin(origin);
    delta.incarnation = 1;
    delta.to = version;
    delta.kind = Delta::Kind::snapshot_end;
    delta.rows = {{key, version, "1", false}};
    delta.state_hash = state_hash({1, version}, Rows().with(delta.rows));
    held[delta.origin] = {1, version};
    say(delta);
  }
  void judge(const std::vector<std::string>& taken, const std::vector<std::string>& spare,
             bool is_all) {
    Verdicts frame;
    frame.synced = true;
    const auto add = [&](const std::string& origin, bool is_taken) {
      auto& verdict = verdicts[Story::origin(origin)];
      verdict = {Story::origin(origin), Verdict::State::fresh, 1, false, {}, {}, is_taken};
      frame.verdicts.push_back(verdict);
    };
    for (const auto& origin : taken) add(origin, true);
    for (const auto& origin : spare) add(origin, false);
    if (is_all) {
      for (const auto& [origin, stamp] : held) frame.digest += digest_of(origin, stamp);
      for (const auto& [origin, verdict] : verdicts) frame.digest += digest_of(verdict);
    }
    say(frame);
  }
};

}  // namespace

TEST_CASE("A leaf takes of each cluster the agent that its home takes, and changes over with it") {
  Story story;
  for (const auto* name : {"east", "west", "west/1"}) story.start(name, kWeb);
  story.connect_all();
  story.start_leaf("leaf", "east");
  story.connect("leaf", "east");
  story.run(2s);
  CHECK(taken(story, "leaf", "west") == "west");
  story.kill("west");
  CHECK(taken(story, "east", "west") == "west/1");
  CHECK(taken(story, "leaf", "west") == "west/1");
  story.run(70s);  // the dead one is forgotten
  CHECK(story.node("leaf").publication(story.now)->origins.size() == 2);
  CHECK(taken(story, "leaf", "west") == "west/1");
}

TEST_CASE("Of a leaf's cluster either agent can be its home, and the other when that dies") {
  Story story;
  for (const auto* name : {"east", "east/1", "west"}) story.start(name, kWeb);
  story.connect_all();
  story.start_leaf("leaf", "east");
  for (const auto* home : {"east", "east/1"}) story.connect("leaf", home);
  story.run(2s);
  const auto first = story.node("leaf").home(story.now)->origin.to_string();
  const auto second = first == "east" ? "east/1" : "east";
  CHECK(taken(story, "leaf", "east") == first);  // who reads the source prefers itself
  story.kill(first);
  story.run(3s);
  REQUIRE(story.node("leaf").home(story.now));
  CHECK(story.node("leaf").home(story.now)->origin.to_string() == second);
  CHECK(taken(story, "leaf", "east") == second);
  story.kill(second);
  story.run(1h);
  CHECK(taken(story, "leaf", "east") == second);
  CHECK(taken(story, "leaf", "west") == "west");
}

TEST_CASE("An agent whose source is stuck is not taken by the leaves that follow it") {
  Story story;
  for (const auto* name : {"east", "east/1"}) story.start(name, kWeb);
  story.connect("east", "east/1");
  story.start_leaf("leaf", "east");
  story.connect("leaf", "east");
  story.run(2s);
  CHECK(taken(story, "leaf", "east") == "east");
  story.act("east", story.node("east").source_stuck(story.now, "resources cannot be read"));
  story.run(100ms);
  CHECK(taken(story, "leaf", "east") == "east/1");
  for (const auto& member : story.node("leaf").members(story.now))
    if (member.id == Story::origin("east")) CHECK(member.stuck == "resources cannot be read");
}

TEST_CASE("A leaf changes over when the rows are here for which its home did") {
  Told told;
  auto& story = told.story;
  told.give("west", 3, "s/shop/web");
  told.give("west/1", 1, "a/agent");
  told.judge({"west"}, {"west/1"}, true);
  CHECK(taken(story, "leaf", "west") == "west");
  SECTION("at once where they come") {
    told.judge({"west/1"}, {"west"}, false);
    CHECK(taken(story, "leaf", "west") == "west");
    told.give("west/1", 2, "s/shop/web");
    CHECK(taken(story, "leaf", "west") == "west");
    told.judge({}, {}, true);
    CHECK(taken(story, "leaf", "west") == "west/1");
  }
  SECTION("without them after a while") {
    told.judge({"west/1"}, {"west"}, false);
    story.run(1900ms);
    CHECK(taken(story, "leaf", "west") == "west");
    story.run(200ms);
    CHECK(taken(story, "leaf", "west") == "west/1");
  }
  SECTION("and when the one that it takes is forgotten") {
    Verdicts frame;
    frame.verdicts = {{{"west", 0}, Verdict::State::forgotten, 0, false, {}, {}}};
    told.say(frame);
    CHECK(taken(story, "leaf", "west") == "west/1");
  }
}

TEST_CASE("Of two that a home calls taken a leaf keeps the one that it took before") {
  Told told;
  told.give("west", 1, "s/shop/web");
  told.give("west/1", 1, "s/shop/web");
  CHECK(taken(told.story, "leaf", "west") == "west");
  told.judge({"west/1"}, {"west"}, true);
  told.judge({"west/1", "west"}, {}, true);
  CHECK(taken(told.story, "leaf", "west") == "west/1");
}
