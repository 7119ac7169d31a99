// What has broken others in production, once each: the number after the name is that of the report.
//
// Sizes are as large as a build with sanitizers runs in a second or two; none of the failures
// needed more to show.
#include "discovery/row.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;
using State = Story::State;

namespace {

base::SocketAddress address(std::uint32_t number) {
  return {base::IpAddress::v4(10u << 24 | number), 80};
}

EncodedRow endpoint(std::uint32_t number, bool healthy = true) {
  EndpointRow row{"shop", "web", std::to_string(number), {}};
  row.ip = address(number).ip;
  row.traits.ports = {{"http", address(number).port}};
  row.health = healthy ? view::Health::healthy : view::Health::unhealthy;
  return encode(row);
}

Story::Contents endpoints(std::uint32_t count) {
  Story::Contents rows;
  for (std::uint32_t number = 0; number < count; ++number) {
    auto row = endpoint(number);
    rows[row.key] = row.value;
  }
  return rows;
}

// What crosses from now on.
struct Traffic {
  std::size_t rows = 0, bytes = 0, deltas = 0;
  explicit Traffic(Story& story) {
    story.hears_frame = [this](const auto&, const auto&, const Frame& frame) {
      const auto* delta = std::get_if<Delta>(&frame);
      if (!delta) return;
      ++deltas;
      rows += delta->rows.size();
      for (const auto& row : delta->rows) bytes += frame_bytes(row);
    };
  }
};

// What an agent says to one that it meets: its beacon and its rows.
std::vector<Frame> first_words(const Story& story, const std::string& name) {
  Node node(story.config(name), base::Random(1), story.now);
  node.replace_local(story.now, "files", {{"k", name}});
  node.local_ready(story.now);
  node.link_up(story.now, 1, {"", "west", false});
  Hello hello;
  hello.self = {"west", 0};
  node.receive(story.now, 1, hello);
  node.receive(story.now, 1, Beacons{});
  std::vector<Frame> words;
  while (auto frame = node.next_frame(story.now, 1))
    if (!std::holds_alternative<Hello>(*frame)) words.push_back(std::move(*frame));
  return words;
}

}  // namespace

TEST_CASE("a hundred thousand leaves leave nothing behind (memberlist 253)", "[discovery]") {
  constexpr std::uint64_t kNames = 20, kLeaves = 100'000;
  base::TimePoint now(1h);
  NodeConfig config;
  config.self = {"west", 0};
  Node node(config, base::Random(1), now);
  node.local_ready(now);
  constexpr LinkId kStays = kLeaves + 1;
  const auto greet = [&](LinkId link, const std::string& name, std::uint64_t life) {
    node.link_up(now, link, {"", name, true});
    Hello hello;
    hello.self = {name, 0};
    hello.instance[0] = static_cast<std::uint8_t>(link);
    hello.instance[1] = static_cast<std::uint8_t>(link >> 8);
    node.receive(now, link, hello);
    node.receive(now, link, Beacons{{{{name, 0}, {life, 1}, 1, {}, 0s}}});
  };
  greet(kStays, "north", 1);
  for (LinkId leave = 1; leave <= kLeaves; ++leave) {
    now += 1ms;
    greet(leave, "c" + std::to_string(leave % kNames), leave);
    node.receive(now, leave, Goodbye{});
    node.link_down(now, leave, Node::LinkEnd::closed);
    if (leave % 1'000 != 0) continue;
    node.receive(now, kStays, Beacons{{{{"north", 0}, {1, 1}, 1 + leave, {}, 0s}}});
    node.tick(now);
  }
  CHECK(node.backlog(kStays) <= kNames);
  const auto members = node.members(now);
  REQUIRE(members.size() == kNames + 2);
  for (const auto& member : members) {
    CAPTURE(member.id.cluster);
    const bool here = member.local || member.id.cluster == "north";
    CHECK(member.state == (here ? State::fresh : State::dead));
  }
}

TEST_CASE("six hundred dead names do not crowd out the living (quickwit 6653)", "[discovery]") {
  Story story;
  story.start("west", {{"k", "west"}});
  for (int n = 0; n < 600; ++n) {
    const auto name = "gone" + std::to_string(n);
    const auto link = story.meet("west", name);
    for (auto& frame : first_words(story, name)) story.sends("west", link, std::move(frame));
    story.sends("west", link, Goodbye{});
    story.act("west", story.node("west").link_down(story.now, link, Node::LinkEnd::closed));
  }
  REQUIRE(story.state("west", "gone599") == State::dead);
  REQUIRE(story.knows("west", "gone599") == Story::Contents{{"k", "gone599"}});
  for (const auto* name : {"east", "north"}) {
    story.start(name, {{"k", name}});
    story.connect(name, "west");
  }
  story.run(3s);
  story.says("east", {{"k", "changed"}});
  story.run(1500ms);
  CHECK(story.knows("north", "east") == Story::Contents{{"k", "changed"}});
  CHECK(story.state("north", "east") == State::fresh);
  CHECK(story.state("north", "west") == State::fresh);
}

TEST_CASE("one endpoint of five thousand that flips costs one row (Cilium)", "[discovery]") {
  Story story;
  auto rows = endpoints(5'000);
  story.start("east", rows);
  story.start("west");
  story.connect("east", "west");
  story.run(1s);
  Traffic traffic(story);
  const auto flipped = endpoint(77, false);
  rows[flipped.key] = flipped.value;
  story.says("east", rows);
  story.run(3s);
  CHECK(traffic.deltas == 1);
  CHECK(traffic.rows == 1);
  CHECK(traffic.bytes < 150);
  CHECK(story.knows("west", "east") == rows);
}

TEST_CASE("a row beyond all limits stops no other row (Consul 15503)", "[discovery]") {
  Story story;
  story.start("east", {{"big", std::string(kMaxRowBytes, 'x')}, {"small", "1"}});
  story.start("west");
  story.connect("east", "west");
  story.run(1s);
  CHECK(story.knows("west", "east") == Story::Contents{{"small", "1"}});
  CHECK(story.actor("east").events.front() == "east: big: larger than a row may be");
  story.says("east", {{"big", std::string(kMaxRowBytes, 'y')}, {"small", "2"}});
  story.run(1s);
  CHECK(story.knows("west", "east") == Story::Contents{{"small", "2"}});
  CHECK(story.state("west", "east") == State::fresh);
}

TEST_CASE("who finds nobody at boot serves its own after ten seconds (Istio 33564)",
          "[discovery]") {
  Story story;
  story.start("east", {{"k", "1"}});
  story.run(9s);
  CHECK_FALSE(story.node("east").synced(story.now));
  CHECK(story.knows("east", "east") == Story::Contents{{"k", "1"}});
  story.run(2s);
  CHECK(story.node("east").synced(story.now));
  story.start("west", {{"k", "2"}});
  story.connect("east", "west");
  story.run(1s);
  CHECK(story.knows("east", "west") == Story::Contents{{"k", "2"}});
}

TEST_CASE("a source that lists everything anew changes nothing (Cilium 26192)", "[discovery]") {
  Story story;
  const auto rows = endpoints(20'000);
  story.start("east", rows);
  story.start("west");
  story.connect("east", "west");
  story.run(1s);
  const auto before = story.node("east").stamp();
  Traffic traffic(story);
  story.says("east", rows);
  story.run(2s);
  CHECK(story.node("east").stamp() == before);
  CHECK(traffic.deltas == 0);
}

TEST_CASE("a delayed heartbeat wakes no dead (Scylla 8488)", "[discovery]") {
  Story story;
  for (const auto* name : {"east", "west"}) story.start(name, {{"k", name}});
  story.connect("east", "west");
  std::vector<Beacons> heard;
  story.hears_frame = [&](const auto& from, const auto&, const Frame& frame) {
    const auto* beacons = std::get_if<Beacons>(&frame);
    if (beacons && from == "east") heard.push_back(*beacons);
  };
  story.run(5s);
  story.kill("east");
  story.run(40s);
  REQUIRE(story.state("west", "east") == State::dead);
  // By a relay that says them as if they were of now.
  const auto relay = story.meet("west", "relay");
  for (const auto& beacons : heard) story.sends("west", relay, beacons);
  CHECK(story.state("west", "east") == State::dead);
}

TEST_CASE("a field of a later version fills every row and stops nobody (Fly)", "[discovery]") {
  Story story;
  auto rows = endpoints(10'000);
  for (std::uint32_t number = 0; number < 10'000; ++number) story.answering.insert(address(number));
  story.start("east", rows);
  for (const auto* name : {"west", "north"}) story.start(name, {{"k", name}});
  story.connect("east", "west");
  story.connect("west", "north");  // which hears of east by west only
  story.run(5s);
  REQUIRE(story.knows("north", "east") == rows);
  const std::string later = "\xa0\x06\x01";  // field 100, the number 1
  for (auto& [key, value] : rows) value += later;
  REQUIRE(decode(rows.begin()->first, rows.begin()->second).ok());
  Traffic traffic(story);
  story.says("east", rows);
  story.says("west", {{"k", "meanwhile"}});
  story.run(5s);
  CHECK(story.knows("north", "east") == rows);
  CHECK(story.knows("north", "west") == Story::Contents{{"k", "meanwhile"}});
  CHECK(traffic.rows == 2 * 10'000 + 2);  // each once over each link
  for (const auto* name : {"east", "west"}) CHECK(story.state("north", name) == State::fresh);
}

TEST_CASE("agents that restart together rise above what one remembers (memberlist 311)",
          "[discovery]") {
  Story story;
  const std::vector<std::string> names = {"east", "north", "south", "west"};
  for (const auto& name : names) story.start(name, {{"k", name}});
  story.connect_all();
  story.run(3s);
  std::map<std::string, Stamp> before;
  for (const auto& name : names) before[name] = story.node(name).stamp();
  // West alone remembers; the others have neither disk nor anybody else to ask.
  for (const auto* name : {"east", "north", "south"}) story.kill(name);
  for (const auto* name : {"east", "north", "south"}) story.start(name, {{"k", "anew"}});
  story.connect_all();
  story.run(3s);
  for (const auto* name : {"east", "north", "south"}) {
    CAPTURE(name);
    CHECK(story.node(name).stamp().incarnation > before[name].incarnation);
    for (const auto& viewer : names) {
      CHECK(story.knows(viewer, name) == Story::Contents{{"k", "anew"}});
      if (viewer != name) CHECK(story.state(viewer, name) == State::fresh);
    }
  }
}
