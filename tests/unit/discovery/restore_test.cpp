// A restart with a disk: what an agent knew of others, and which life of its own comes next.
#include "discovery/local_origin.hpp"
#include "discovery/row.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;
using State = Story::State;

namespace {

base::SocketAddress address() { return *base::SocketAddress::parse("10.0.0.5:9080"); }

Story::Contents endpoint(const std::string& more = "1") {
  EndpointRow row{"shop", "web", "10.0.0.5", {}};
  row.ip = address().ip;
  row.traits.ports = {{"http", address().port}};
  const auto encoded = encode(row);
  return {{encoded.key, encoded.value}, {"x/more", more}};
}

// What a disk holds when it keeps up with the agent.
std::vector<base::Bytes> disk_of(Story& story, const std::string& name) {
  std::vector<base::Bytes> disk;
  for (const auto& origin : story.node(name).publication(story.now)->origins)
    if (!origin.local) disk.push_back(encode(origin));
  return disk;
}

enum class Disk { whole, damaged };

// A new life, which has not read its sources yet. Gives what its restoring asks for.
Effects restart(Story& story, const std::string& name, const std::vector<base::Bytes>& disk,
                std::uint64_t last_incarnation = 0, Disk state = Disk::whole) {
  auto config = story.config(name);
  config.last_incarnation = last_incarnation;
  story.start(std::move(config), name, {});
  SavedState saved{{}, state == Disk::whole};
  for (const auto& bytes : disk) saved.origins.push_back(decode_origin(bytes).value());
  auto effects = story.node(name).restore(story.now, std::move(saved));
  story.act(name, effects);
  return effects;
}

view::Freshness freshness(Story& story, const std::string& who, const std::string& of) {
  for (const auto& origin : story.node(who).publication(story.now)->origins)
    if (origin.id == Story::origin(of)) return origin.freshness;
  return view::Freshness::dead;
}

// east and west have met; west is gone again, and with it the link.
struct Restart {
  Story story;
  std::vector<base::Bytes> disk;
  Stamp before;

  Restart() {
    story.answering = {address()};
    story.start("east", endpoint());
    story.start("west", {{"k", "w"}});
    story.connect("east", "west");
    story.run(2s);
    disk = disk_of(story, "west");
    before = story.node("west").stamp();
    story.kill("west");
  }
};

}  // namespace

TEST_CASE("a restarted agent shows at once what its disk holds, and calls it stale", "[disk]") {
  Restart the;
  CHECK(restart(the.story, "west", the.disk).publish);
  CHECK(the.story.knows("west", "east") == endpoint());
  CHECK(freshness(the.story, "west", "east") == view::Freshness::stale);
  CHECK(the.story.state("west", "east") == State::suspect);
  CHECK(the.story.member("west", "east").via == "(disk)");
}

TEST_CASE("the endpoints of what comes from disk are asked at once whether they are there",
          "[disk]") {
  Restart the;
  SECTION("and keep their tier where they answer") {
    restart(the.story, "west", the.disk);
    the.story.run(0ms);
    CHECK(the.story.state("west", "east") == State::stale);
    the.story.run(60s);
    CHECK(the.story.state("west", "east") == State::stale);
  }
  SECTION("and are demoted where they do not, then dead") {
    the.story.answering.clear();
    restart(the.story, "west", the.disk);
    the.story.run(0ms);
    CHECK(the.story.state("west", "east") == State::demoted);
    the.story.run(11s);
    CHECK(the.story.state("west", "east") == State::demoted);
    the.story.run(2s);
    CHECK(the.story.state("west", "east") == State::dead);
    CHECK(the.story.knows("west", "east") == endpoint());
  }
}

TEST_CASE("an agent that found its state on disk is synced when its own sources are read",
          "[disk]") {
  Restart the;
  restart(the.story, "west", the.disk);
  CHECK_FALSE(the.story.node("west").synced(the.story.now));
  the.story.act("west", the.story.node("west").local_ready(the.story.now));
  CHECK(the.story.node("west").synced(the.story.now));
  CHECK(the.story.node("west").publication(the.story.now)->synced);

  restart(the.story, "west", {});
  the.story.act("west", the.story.node("west").local_ready(the.story.now));
  CHECK_FALSE(the.story.node("west").synced(the.story.now));
}

TEST_CASE("of a disk that could not be read whole what there is serves, but nothing is denied",
          "[disk]") {
  Restart the;
  restart(the.story, "west", the.disk, 0, Disk::damaged);
  the.story.act("west", the.story.node("west").local_ready(the.story.now));
  CHECK(the.story.knows("west", "east") == endpoint());
  CHECK_FALSE(the.story.node("west").synced(the.story.now));
  the.story.connect("west", "east");
  the.story.run(1s);
  CHECK(the.story.node("west").synced(the.story.now));
}

TEST_CASE("of what comes from disk only the changes since are sent again", "[disk]") {
  Restart the;
  const auto snapshots = the.story.node("east").counters().snapshots_sent;
  the.story.says("east", endpoint("2"));
  the.story.run(1s);
  restart(the.story, "west", the.disk);
  the.story.connect("west", "east");
  the.story.run(2s);
  CHECK(the.story.knows("west", "east") == endpoint("2"));
  CHECK(the.story.state("west", "east") == State::fresh);
  CHECK(the.story.member("west", "east").via == "direct");
  CHECK(the.story.node("east").counters().snapshots_sent == snapshots);
  CHECK(the.story.node("west").counters().rows_applied == 1);
}

TEST_CASE("a relay's word makes fresh what came from disk", "[disk]") {
  Restart the;
  the.story.start("eu");
  the.story.connect("eu", "east");
  restart(the.story, "west", the.disk);
  the.story.connect("west", "eu");
  the.story.run(2s);
  CHECK(the.story.state("west", "east") == State::fresh);
  CHECK(the.story.member("west", "east").via == "eu");
}

TEST_CASE("what comes from disk never takes the place of what is newer", "[disk]") {
  Restart the;
  the.story.says("east", endpoint("2"));
  restart(the.story, "west", {});
  the.story.connect("west", "east");
  the.story.run(2s);
  the.story.act("west", the.story.node("west").restore(
                            the.story.now, {{decode_origin(the.disk.at(0)).value()}, true}));
  CHECK(the.story.knows("west", "east") == endpoint("2"));
  CHECK(the.story.state("west", "east") == State::fresh);
  CHECK(the.story.node("west").counters().refused == 0);
}

TEST_CASE("a new life of an origin takes the place of its old one from disk in one step",
          "[disk]") {
  Restart the;
  the.story.kill("east");
  restart(the.story, "west", the.disk);
  the.story.start("east", endpoint("3"));  // without a disk
  the.story.connect("west", "east");
  the.story.run(2s);
  CHECK(the.story.knows("west", "east") == endpoint("3"));
  CHECK(the.story.state("west", "east") == State::fresh);
}

TEST_CASE("what a disk says of ourselves is not taken: our sources say it", "[disk]") {
  Restart the;
  std::vector<base::Bytes> own;
  for (const auto& origin : the.story.node("east").publication(the.story.now)->origins)
    if (origin.id == Story::origin("west")) own.push_back(encode(origin));
  REQUIRE(own.size() == 1);
  restart(the.story, "west", own);
  CHECK(the.story.knows("west", "west").empty());
  CHECK(the.story.node("west").publication(the.story.now)->origins.size() == 1);
  the.story.act("west", the.story.node("west").local_ready(the.story.now));
  CHECK_FALSE(the.story.node("west").synced(the.story.now));
}

TEST_CASE("who left stays gone over a restart, until its next life", "[disk]") {
  Story story;
  story.answering = {address()};
  story.start("east", endpoint());
  story.start("west");
  story.connect("east", "west");
  story.run(1s);
  story.act("east", story.node("east").leave(story.now, Goodbye::Reason::leaving));
  story.run(1s);
  const auto life = story.node("east").stamp().incarnation;
  story.kill("east");
  REQUIRE(story.state("west", "east") == State::dead);
  const auto disk = disk_of(story, "west");
  restart(story, "west", disk);
  story.run(30s);
  CHECK(story.state("west", "east") == State::dead);
  auto config = story.config("east");
  config.last_incarnation = life;
  story.start(std::move(config), "east", endpoint());
  story.act("east", story.node("east").local_ready(story.now));
  story.connect("east", "west");
  story.run(2s);
  CHECK(story.state("west", "east") == State::fresh);
}

TEST_CASE("how old a state from disk is nobody knows, and nobody else is told of it", "[disk]") {
  Restart the;
  restart(the.story, "west", the.disk);
  the.story.act("west", the.story.node("west").local_ready(the.story.now));
  CHECK_FALSE(the.story.member("west", "east").age);
  CHECK_FALSE(the.story.node("west").publication(the.story.now)->origins.front().age);
  the.story.start("eu");
  the.story.connect("eu", "west");
  the.story.run(2s);
  CHECK_FALSE(the.story.has_heard_of("eu", "east"));
  CHECK(the.story.knows("west", "east") == endpoint());

  the.story.connect("west", "east");
  the.story.run(2s);
  CHECK(the.story.member("west", "east").age.value() < 2s);
  CHECK(the.story.knows("eu", "east") == endpoint());
  CHECK(the.story.state("eu", "east") == State::fresh);
}

TEST_CASE("an incarnation rises over every restart, with a disk or without", "[disk]") {
  Restart the;
  SECTION("with a disk: peers never see the old life again") {
    restart(the.story, "west", the.disk, the.before.incarnation);
    the.story.act("west", the.story.node("west").local_ready(the.story.now));
    CHECK(the.story.node("west").stamp().incarnation >= next_life(the.before.incarnation));
  }
  SECTION("with a disk that knows an older life, or none: once a peer is heard") {
    restart(the.story, "west", the.disk, 0);
    the.story.act("west", the.story.node("west").local_ready(the.story.now));
    the.story.connect("west", "east");
    CHECK(the.story.node("west").stamp().incarnation >= next_life(the.before.incarnation));
    the.story.run(2s);
    CHECK(the.story.member("east", "west").stamp == the.story.node("west").stamp());
  }
}

TEST_CASE("what the disk holds is proven to others by who has its proof", "[disk]") {
  Story story;
  story.secure = true;
  for (const auto* name : {"east", "north", "west"}) story.start(name, {{"k", "1"}});
  story.connect("east", "north");
  story.connect("north", "west");
  story.run(5s);
  const auto disk = disk_of(story, "west");
  story.kill("west");
  restart(story, "west", disk);
  story.act("west", story.node("west").local_ready(story.now));
  story.connect("west", "north");
  story.run(2s);
  story.start("south");
  story.connect("south", "west");
  story.run(5s);  // in which east changes nothing
  CHECK(story.knows("south", "east") == Story::Contents{{"k", "1"}});
}
