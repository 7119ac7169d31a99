// When an origin's proofs go out: to who passes it on, as it asks; to all others now and then.
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;

namespace {

constexpr auto kInterval = 20s;  // of proofs that nobody asks for

Story full_mesh() {
  Story story;
  story.secure = true;
  for (const auto* name : {"east", "north", "west"}) story.start(name, {{"k", "1"}});
  story.connect_all();
  story.run(3s);
  return story;
}

// A change each 200 ms; `before_each` looks on.
void keep_changing(Story& story, const std::string& who, base::Duration time,
                   const std::function<void()>& before_each = {}) {
  int value = std::stoi(story.knows(who, who)["k"]);
  for (base::Duration at{}; at < time; at += 200ms) {
    if (before_each) before_each();
    story.says(who, {{"k", std::to_string(++value)}});
    story.run(200ms);
  }
}

// How many proofs of `from`'s own rows it sends `to` from now on.
std::shared_ptr<int> proofs(Story& story, const std::string& from, const std::string& to) {
  auto count = std::make_shared<int>(0);
  story.hears_frame = [=, next = story.hears_frame](const auto& sender, const auto& reader,
                                                    const Frame& frame) {
    const auto* delta = std::get_if<Delta>(&frame);
    const bool own = delta && delta->origin == Story::origin(from);
    if (own && sender == from && reader == to && !delta->proof.empty()) ++*count;
    if (next) next(sender, reader, frame);
  };
  return count;
}

}  // namespace

TEST_CASE("in a full mesh a proof follows a change, but no two follow soon") {
  auto story = full_mesh();
  story.run(kInterval);
  const auto told = proofs(story, "east", "west");
  story.says("east", {{"k", "2"}});
  story.run(1100ms);
  CHECK(*told == 1);
  *told = 0;
  keep_changing(story, "east", 3 * kInterval);
  CHECK(*told >= 2);
  CHECK(*told <= 3);
  story.run(kInterval + 2s);  // the last change is in the last of them
  const auto in_all = *told;
  story.run(3 * kInterval);
  CHECK(*told == in_all);
  CHECK(*told <= 4);
}

TEST_CASE("who passes an origin on asks it for proofs, and nobody else is told them") {
  Story story;
  story.secure = true;
  for (const auto* name : {"east", "north", "south", "west"}) story.start(name, {{"k", "1"}});
  for (const auto* name : {"east", "north", "south"}) story.connect("west", name);
  story.connect("east", "south");
  story.run(kInterval + 3s);
  const auto asked = proofs(story, "east", "west"), unasked = proofs(story, "east", "south");
  std::map<std::string, base::TimePoint> said;
  base::Duration lag{};
  keep_changing(story, "east", kInterval, [&] {
    said.try_emplace(story.knows("east", "east")["k"], story.now);
    lag = std::max(lag, story.now - said.at(story.knows("north", "east")["k"]));
  });
  CHECK(lag <= 2200ms);
  CHECK(*asked >= 18);
  CHECK(*unasked <= 2);

  story.connect("east", "north");  // now it is asked for no more
  story.run(3s);
  *asked = 0;
  keep_changing(story, "east", kInterval);
  CHECK(*asked <= 2);
}

TEST_CASE("who is not heard may hear, and is told proofs unasked") {
  Story story;
  story.secure = true;
  for (const auto* name : {"east", "west"}) story.start(name, {{"k", "1"}});
  const auto link = story.connect("east", "west");
  story.run(kInterval + 3s);
  story.mute(link, "west");
  const auto told = proofs(story, "east", "west");
  keep_changing(story, "east", 3s);
  CHECK(*told <= 1);
  *told = 0;
  keep_changing(story, "east", 5s);
  CHECK(*told >= 4);
}

TEST_CASE("of an origin that has died a newcomer is given what it was some seconds before") {
  auto story = full_mesh();
  story.run(kInterval);
  keep_changing(story, "east", 7s);
  const auto some_time_ago = story.knows("west", "east");
  keep_changing(story, "east", kInterval);
  story.kill("east");
  story.start("new");
  story.connect("new", "west");
  story.run(2s);
  REQUIRE(story.knows("new", "east").contains("k"));
  CHECK(std::stoi(story.knows("new", "east")["k"]) >= std::stoi(some_time_ago.at("k")));
}

TEST_CASE("a new link is told a proof of what is said on it") {
  auto story = full_mesh();
  keep_changing(story, "east", 3s);
  story.start("new");
  const auto told = proofs(story, "east", "new");
  int deltas = 0;
  story.hears_frame = [&, next = story.hears_frame](const auto& sender, const auto& reader,
                                                    const Frame& frame) {
    const auto* delta = std::get_if<Delta>(&frame);
    deltas += delta && delta->origin.cluster == "east" && sender == "east" && reader == "new";
    next(sender, reader, frame);
  };
  story.connect("new", "east");
  CHECK(*told == 1);
  CHECK(deltas == 1);
  CHECK(story.knows("new", "east") == story.knows("east", "east"));
}
