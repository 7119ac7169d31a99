// Leaves and their homes: what a leaf has, whom it believes, and what it does when nobody is heard.
#include "discovery/leaf.hpp"

#include "discovery/local_origin.hpp"
#include "discovery/row.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;
using State = Story::State;

namespace {

base::SocketAddress address(int last = 5) {
  return *base::SocketAddress::parse("10.0.0." + std::to_string(last) + ":9080");
}

Story::Contents endpoints(std::initializer_list<int> lasts) {
  Story::Contents contents;
  for (const int last : lasts) {
    EndpointRow row{"shop", "web", address(last).ip.to_string(), {}};
    row.ip = address(last).ip;
    row.traits.ports = {{"http", address(last).port}};
    const auto encoded = encode(row);
    contents.emplace(encoded.key, encoded.value);
  }
  return contents;
}

const OriginPublication* shown(Story& story, const std::string& who, const std::string& of) {
  for (const auto& origin : story.node(who).publication(story.now)->origins)
    if (origin.id == Story::origin(of)) return &origin;
  return nullptr;
}

view::Freshness freshness(Story& story, const std::string& who, const std::string& of) {
  const auto* origin = shown(story, who, of);
  return origin ? origin->freshness : view::Freshness::dead;
}

bool ends_with(const std::vector<std::string>& texts, std::string_view end) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return text.ends_with(end); });
}

// east and west are one mesh; "leaf" follows east.
struct Following {
  Story story;
  LinkId link = 0;
  Following() {
    story.start("east", {{"s/shop/web", "1"}});
    story.start("west", {{"s/shop/db", "1"}});
    story.connect("east", "west");
    story.start_leaf("leaf", "east");
    link = story.connect("leaf", "east");
    story.run(100ms);
  }
};

Hello hello_of(const std::string& cluster, std::uint64_t features = kFeatures) {
  Hello hello;
  hello.self = Story::origin(cluster);
  hello.features = features;
  hello.instance[0] = 200;
  return hello;
}

}  // namespace

TEST_CASE("A leaf has what its home has, of the home and of thirds, and every change of it") {
  Following at;
  CHECK(at.story.knows("leaf", "east") == Story::Contents{{"s/shop/web", "1"}});
  CHECK(at.story.knows("leaf", "west") == Story::Contents{{"s/shop/db", "1"}});
  CHECK(at.story.node("leaf").synced(at.story.now));
  at.story.says("west", {{"s/shop/db", "2"}});
  at.story.says("east", {});
  at.story.run(50ms);
  CHECK(at.story.knows("leaf", "west") == Story::Contents{{"s/shop/db", "2"}});
  CHECK(at.story.knows("leaf", "east").empty());
  CHECK(shown(at.story, "leaf", "east")->stamp == at.story.node("east").stamp());
}

TEST_CASE("A leaf is in nobody's list, and says nothing but what it has and that it lives") {
  Following at;
  std::set<std::size_t> kinds;
  at.story.hears_frame = [&](const auto& from, const auto&, const Frame& frame) {
    if (from == "leaf") kinds.insert(frame.index());
  };
  at.story.connect("leaf", "east");
  at.story.run(5s);
  CHECK(kinds == std::set<std::size_t>{Frame(Hello{}).index(), Frame(Still{}).index()});
  CHECK(at.story.node("east").members(at.story.now).size() == 2);
  CHECK(at.story.node("west").members(at.story.now).size() == 2);
  CHECK(at.story.node("east").leaves() == 2);
  at.story.kill("leaf");
  CHECK(at.story.node("east").leaves() == 0);
}

TEST_CASE("A leaf follows its home's judgement and asks no endpoint itself") {
  Following at;
  auto& story = at.story;
  story.says("west", endpoints({5, 6}));
  story.answering = {address(5)};
  story.run(1s);
  bool asks = false;
  story.hears_probe = [&](const auto& who, const auto&) { asks |= who == "leaf"; };
  story.kill("west");
  story.run(4s);
  CHECK(story.state("leaf", "west") == State::stale);
  REQUIRE(shown(story, "leaf", "west"));
  CHECK(shown(story, "leaf", "west")->path_failed == std::vector{address(6)});
  story.answering.clear();
  story.run(3s);
  CHECK(story.state("leaf", "west") == State::demoted);
  CHECK(freshness(story, "leaf", "west") == view::Freshness::demoted);
  story.run(20s);
  CHECK(story.state("leaf", "west") == State::dead);
  CHECK(shown(story, "leaf", "west")->rows.size() == 2);
  const auto home = *story.member("east", "west").age, leaf = *story.member("leaf", "west").age;
  CHECK(leaf >= home - 1ms);
  CHECK(leaf <= home + 1ms);
  story.answering = {address(5), address(6)};
  story.start("west", endpoints({5, 6}));
  story.connect("west", "east");
  story.run(100ms);
  CHECK(story.state("leaf", "west") == State::fresh);
  CHECK(shown(story, "leaf", "west")->path_failed.empty());
  CHECK_FALSE(asks);
}

TEST_CASE("A leaf that hears no home calls everything stale and keeps it, whatever the time") {
  Following at;
  auto& story = at.story;
  story.kill("east");
  story.run(2s);
  CHECK(freshness(story, "leaf", "west") == view::Freshness::fresh);
  story.run(2s);
  CHECK(freshness(story, "leaf", "east") == view::Freshness::stale);
  CHECK(freshness(story, "leaf", "west") == view::Freshness::stale);
  CHECK_FALSE(story.node("leaf").home(story.now));
  CHECK(story.node("leaf").synced(story.now));
  story.run(48h);
  CHECK(freshness(story, "leaf", "west") == view::Freshness::stale);
  CHECK(story.knows("leaf", "west") == Story::Contents{{"s/shop/db", "1"}});
  CHECK(*story.member("leaf", "west").age >= 48h);
  CHECK(*story.member("leaf", "west").age <= 49h);
}

TEST_CASE("A home that falls silent and speaks again on the same link means what it has said") {
  Following at;
  auto& story = at.story;
  story.actor("east").deaf_until = story.now + 6s;
  story.run(5s);
  CHECK(freshness(story, "leaf", "west") == view::Freshness::stale);
  story.run(3s);
  CHECK(freshness(story, "leaf", "west") == view::Freshness::fresh);
  REQUIRE(story.node("leaf").home(story.now));
}

TEST_CASE("A leaf moves to another home within seconds, and goes on from what it has") {
  Story story;
  story.start("east", {{"s/shop/web", "1"}});
  story.start("east/1", {{"s/shop/web", "1"}});
  story.start("west", {{"s/shop/db", "1"}});
  story.connect_all();
  story.run(1s);
  const auto snapshots = story.node("east/1").counters().snapshots_sent;
  story.start_leaf("leaf", "east");
  const auto first = story.connect("leaf", "east");
  story.run(100ms);
  story.connect("leaf", "east/1");
  story.run(5s);
  REQUIRE(story.node("leaf").home(story.now));
  CHECK(story.node("leaf").home(story.now)->origin == Story::origin("east"));  // it sticks

  SECTION("when the link breaks, at once") {
    story.kill("east");
    story.says("west", {{"s/shop/db", "2"}});
    story.run(100ms);
    CHECK(story.knows("leaf", "west") == Story::Contents{{"s/shop/db", "2"}});
  }
  SECTION("when it is silent, before anything is stale") {
    story.blackhole(first);
    bool stale = false;
    for (int n = 0; n < 40; ++n) {
      story.run(100ms);
      stale |= freshness(story, "leaf", "west") != view::Freshness::fresh;
    }
    CHECK_FALSE(stale);
  }
  REQUIRE(story.node("leaf").home(story.now));
  CHECK(story.node("leaf").home(story.now)->origin == Story::origin("east/1"));
  CHECK(story.node("east/1").counters().snapshots_sent == snapshots);
}

TEST_CASE("A home that knows all there is goes before one that does not yet") {
  Following at;
  auto& story = at.story;
  story.kill("east");
  auto config = story.config("east/1");
  story.start(config, "east/1", {});  // has not read its sources
  story.connect("leaf", "east/1");
  story.run(1s);
  CHECK(story.node("leaf").home(story.now)->origin == Story::origin("east/1"));
  CHECK(freshness(story, "leaf", "west") != view::Freshness::dead);
  story.start("east", {{"s/shop/web", "2"}});
  story.connect("east", "west");
  story.run(100ms);
  story.connect("leaf", "east");
  story.run(2s);
  CHECK(story.node("leaf").home(story.now)->origin == Story::origin("east"));
}

TEST_CASE("What its home does not know stays with a leaf, stale, and goes when it is forgotten") {
  Following at;
  auto& story = at.story;
  story.kill("east");
  story.start("east", {{"s/shop/web", "1"}});  // without a disk, and west is far away
  story.connect("leaf", "east");
  story.run(12s);
  CHECK(freshness(story, "leaf", "east") == view::Freshness::fresh);
  CHECK(freshness(story, "leaf", "west") == view::Freshness::stale);
  CHECK(story.knows("leaf", "west") == Story::Contents{{"s/shop/db", "1"}});
  story.connect("east", "west");
  story.run(1s);
  CHECK(freshness(story, "leaf", "west") == view::Freshness::fresh);
  story.kill("west");
  story.act("east", story.node("east").forget(story.now, "west"));
  story.run(10ms);
  CHECK_FALSE(story.has_heard_of("leaf", "west"));
  CHECK(shown(story, "leaf", "west") == nullptr);

  SECTION("also when it was forgotten while the leaf was away") {
    story.start_leaf("late", "east");
    SavedState saved;
    saved.origins.push_back({{"west", 0}, {1, 1}, Rows(), false});
    story.act("late", story.node("late").restore(story.now, std::move(saved)));
    CHECK(shown(story, "late", "west"));
    story.connect("late", "east");
    story.run(10ms);
    CHECK(shown(story, "late", "west") == nullptr);
  }
  SECTION("and comes back with its own word") {
    story.start("west", {{"s/shop/db", "3"}});
    story.connect("east", "west");
    story.run(100ms);
    CHECK(story.knows("leaf", "west") == Story::Contents{{"s/shop/db", "3"}});
  }
}

TEST_CASE("A leaf with a disk shows at once what is on it, and one without waits for a home") {
  Following at;
  auto& story = at.story;
  SavedState saved;
  for (const auto& origin : story.node("leaf").publication(story.now)->origins)
    saved.origins.push_back(decode_origin(encode(origin)).value());
  story.kill("leaf");
  story.start_leaf("leaf", "east");
  CHECK_FALSE(story.node("leaf").synced(story.now));
  story.run(60s);
  CHECK_FALSE(story.node("leaf").synced(story.now));
  story.start_leaf("again", "east");
  story.act("again", story.node("again").restore(story.now, std::move(saved)));
  CHECK(story.node("again").synced(story.now));
  CHECK(story.knows("again", "west") == Story::Contents{{"s/shop/db", "1"}});
  CHECK(freshness(story, "again", "west") == view::Freshness::stale);
  CHECK(story.member("again", "west").age == std::nullopt);
  const auto snapshots = story.node("east").counters().snapshots_sent;
  story.connect("again", "east");
  story.run(10ms);
  CHECK(freshness(story, "again", "west") == view::Freshness::fresh);
  CHECK(story.node("east").counters().snapshots_sent == snapshots);
}

TEST_CASE("Leaf and home are of one cluster, and a leaf's certificate speaks for none") {
  Following at;
  auto& story = at.story;
  const auto refused = [&](const std::string& who) { return story.node(who).counters().refused; };
  const auto meet = [&](const std::string& who, LinkId link, LinkPeer peer, Hello hello) {
    story.act(who, story.node(who).link_up(story.now, link, std::move(peer)));
    story.act(who, story.node(who).receive(story.now, link, hello));
    story.run(1500ms);
  };
  auto leaf = hello_of("east");
  leaf.leaf = true;

  SECTION("a leaf of another cluster") {
    leaf.self = {"west", 0};
    meet("east", 900, {"", "there"}, leaf);
    CHECK(ends_with(story.actor("east").closed,
                    "a leaf of cluster west follows an agent of it; this one is of east"));
    meet("east", 901, {"west", "there", false, true}, hello_of("east"));
  }
  SECTION("a leaf of another cluster, by its certificate") {
    meet("east", 900, {"west", "there", false, true}, leaf);
    CHECK(refused("east") == 1);
  }
  SECTION("an agent with a leaf's certificate") {
    meet("east", 900, {"west", "there", false, true}, hello_of("west"));
    CHECK(ends_with(story.actor("east").closed,
                    "the certificate is a leaf's: it cannot speak for cluster west"));
  }
  SECTION("a listener with a leaf's certificate") {
    meet("east", 900, {"east", "there", true, true}, leaf);
    CHECK(ends_with(story.actor("east").closed, "a leaf takes no links"));
  }
  SECTION("with the cluster's own") {
    meet("east", 900, {"east", "there", false, false}, leaf);
    CHECK(refused("east") == 0);
    CHECK(story.node("east").leaves() == 2);
  }
  SECTION("a home of another cluster, whatever it says") {
    meet("leaf", 900, {"west", "there", true, false}, hello_of("east/1"));
    CHECK(ends_with(story.actor("leaf").closed,
                    "a leaf of cluster east follows an agent of it, not of west"));
    meet("leaf", 901, {"", "there", true, false}, hello_of("west"));
    CHECK(refused("leaf") == 2);
  }
  SECTION("a home with a leaf's certificate") {
    meet("leaf", 900, {"east", "there", true, true}, hello_of("east/1"));
    CHECK(ends_with(story.actor("leaf").closed, "a leaf is nobody's home"));
  }
  SECTION("a home that is too old") {
    meet("leaf", 900, {"east", "there", true, false}, hello_of("east/1", kFeatureStill));
    CHECK(ends_with(story.actor("leaf").closed, "that agent is too old to serve leaves"));
  }
  CHECK(story.state("west", "east") == State::fresh);
}

TEST_CASE("A leaf brings nothing into the mesh") {
  Following at;
  auto& story = at.story;
  auto hello = hello_of("east");
  hello.leaf = true;
  story.act("east", story.node("east").link_up(story.now, 900, {"", "there"}));
  story.act("east", story.node("east").receive(story.now, 900, hello));
  const auto before = story.node("east").stamp();

  SECTION("what it claims to have is its own affair") {
    story.sends("east", 900,
                Beacons{{{{"east", 0}, {kMaxIncarnation, 7}, 9, {}, {}},
                         {{"west", 0}, {kMaxIncarnation, 7}, 9, {}, {}},
                         {{"nowhere", 0}, {3, 7}, 9, {}, {}}}});
    CHECK(story.actor("east").closed.empty());
  }
  SECTION("rows end its link") {
    Delta delta{{"west", 0}, 9, 0, 1, 0, {}, {}, Delta::Kind::snapshot_end, {{"k", 1, "v", false}}};
    story.sends("east", 900, delta);
    story.run(10ms);
    CHECK(ends_with(story.actor("east").closed, "what a leaf does not say"));
  }
  SECTION("and so do verdicts, on every link") {
    story.sends("east", 900, Verdicts{});
    story.run(10ms);
    CHECK(ends_with(story.actor("east").closed, "what a leaf does not say"));
    story.sends("west", story.meet("west", "north"), Verdicts{});
    story.run(10ms);
    CHECK(ends_with(story.actor("west").closed, "verdicts, which are for leaves"));
  }
  story.run(3s);
  CHECK(story.node("east").stamp() == before);
  CHECK(story.node("east").counters().refutations == 0);
  CHECK_FALSE(story.has_heard_of("east", "nowhere"));
  CHECK(story.knows("east", "west") == Story::Contents{{"s/shop/db", "1"}});
}

TEST_CASE("What was lost on the way is seen within seconds and told again") {
  Story story;
  story.start_leaf("leaf", "east");
  auto& leaf = story.node("leaf");
  // Of the frames that it has to say, whether one tells what it has.
  const auto tells = [&] {
    bool beacons = false;
    while (const auto frame = leaf.next_frame(story.now, 900))
      beacons |= std::holds_alternative<Beacons>(*frame);
    return beacons;
  };
  leaf.link_up(story.now, 900, {"", "there", true});
  leaf.receive(story.now, 900, hello_of("east"));
  CHECK(tells());
  const Verdict fresh{{"east", 0}, Verdict::State::fresh, 7, false, {}, {}};
  const auto agreed = digest_of(fresh);
  leaf.receive(story.now, 900, Verdicts{{fresh}, 0ms, agreed, true});
  CHECK(leaf.synced(story.now));
  const auto hear = [&](std::uint64_t digest) {
    story.now += 1s;
    leaf.receive(story.now, 900, Verdicts{{}, 0ms, digest, true});
    leaf.tick(story.now);
    return tells();
  };
  CHECK_FALSE(hear(agreed));
  CHECK_FALSE(hear(0));           // more is owed: no reckoning
  CHECK(hear(agreed + 1));        // a verdict or a change was lost
  CHECK_FALSE(hear(agreed + 1));  // what was on its way
  CHECK(hear(agreed + 1));
  CHECK(leaf.counters().gaps == 2);
}

TEST_CASE("A leaf goes back to a lower life where its origin has long been heard in no other") {
  Following at;
  auto& story = at.story;
  SavedState saved;
  const std::vector<Row> rows{{"s/old", 5, "1", false}};
  const auto high = next_life(next_life(story.node("west").stamp().incarnation));
  saved.origins.push_back({{"west", 0}, {high, 5}, Rows().with(rows), false});
  story.start_leaf("late", "east");
  story.act("late", story.node("late").restore(story.now, std::move(saved)));
  story.connect("late", "east");
  story.run(500ms);
  if (shown(story, "late", "west")->stamp.incarnation == high) {
    CHECK(story.knows("late", "west") == Story::Contents{{"s/old", "1"}});
    story.run(14s);
  }
  CHECK(story.knows("late", "west") == Story::Contents{{"s/shop/db", "1"}});
  CHECK(story.node("west").counters().refutations == 0);
}

TEST_CASE("The first word of a lower life moves no leaf, however long the higher one was silent") {
  Story story;
  story.start_leaf("leaf", "east");
  auto& leaf = story.node("leaf");
  SavedState saved;
  const std::vector<Row> rows{{"s/old", 5, "1", false}};
  saved.origins.push_back({{"west", 0}, {7, 5}, Rows().with(rows), false});
  leaf.restore(story.now, std::move(saved));
  leaf.link_up(story.now, 900, {"", "there", true});
  leaf.receive(story.now, 900, hello_of("east"));
  const auto held = digest_of({"west", 0}, Stamp{7, 5});
  const auto hear = [&](std::uint64_t life, base::Duration time,
                        Verdict::State state = Verdict::State::fresh) {
    Verdict west{{"west", 0}, state, life, false, {}, {}};
    if (state == Verdict::State::demoted) west.age = 200ms;
    for (const auto end = story.now + time; story.now < end; story.now += 1s) {
      leaf.receive(story.now, 900, Verdicts{{west}, 0ms, held + digest_of(west), true});
      leaf.tick(story.now);
      bool asks = false;  // what it wants the whole of it leaves out
      while (const auto frame = leaf.next_frame(story.now, 900))
        if (const auto* beacons = std::get_if<Beacons>(&*frame)) asks = beacons->beacons.empty();
      if (asks) return true;
    }
    return false;
  };
  CHECK_FALSE(hear(7, 30s));
  CHECK_FALSE(hear(6, 9s));
  CHECK_FALSE(hear(7, 2s));
  CHECK_FALSE(hear(6, 30s, Verdict::State::suspect));  // a memory of the home, and no word
  SECTION("called fresh") {
    CHECK_FALSE(hear(6, 9s));
    CHECK(hear(6, 5s));
  }
  SECTION("heard, though its endpoints are out of reach") {
    CHECK_FALSE(hear(6, 9s, Verdict::State::demoted));
    CHECK(hear(6, 5s, Verdict::State::demoted));
  }
}

TEST_CASE("Leaves that are far behind share the turns of their home") {
  Story story;
  Story::Contents many;
  for (int n = 0; n < 200; ++n) many["x/" + std::to_string(n)] = std::string(8'000, 'v');
  story.start("east", many);
  auto& east = story.node("east");
  for (LinkId link = 900; link < 905; ++link) {
    auto hello = hello_of("east");
    hello.leaf = true;
    story.act("east", east.link_up(story.now, link, {"", "there"}));
    story.act("east", east.receive(story.now, link, hello));
    story.act("east", east.receive(story.now, link, Beacons{}));
  }
  std::size_t bytes = 0, turns = 0;
  std::set<LinkId> done;
  while (done.size() < 5) {
    REQUIRE(++turns < 100);
    std::size_t of_turn = 0;
    auto effects = east.tick(story.now);
    for (LinkId link = 900; link < 905; ++link)
      while (auto frame = east.next_frame(story.now, link)) {
        const auto* delta = std::get_if<Delta>(&*frame);
        if (!delta) continue;
        for (const auto& row : delta->rows) of_turn += frame_bytes(row);
        if (delta->kind == Delta::Kind::snapshot_end) done.insert(link);
      }
    CHECK(of_turn <= 2 * kMaxFrameBytes + 8'100);
    bytes += of_turn;
    if (done.size() < 5) CHECK(east.next_deadline() <= story.now);
  }
  CHECK(bytes > 5u * 200u * 8'000u);
  CHECK(turns > 10);
}
