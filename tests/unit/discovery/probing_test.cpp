// Whom to knock at, how often, and what an answer means that comes late, empty or in the last
// moment.
#include "discovery/probing.hpp"

#include <algorithm>

#include "discovery/row.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;
using State = Ageing::State;

namespace {

const OriginId kEast{"east", 0};

base::SocketAddress address(std::uint32_t number) {
  return {base::IpAddress::v4(10u << 24 | number), 80};
}

EncodedRow endpoint(const std::string& service, std::uint32_t number,
                    const std::string& network = "") {
  EndpointRow row{"apps", service, address(number).to_string(), {}};
  row.traits.network = network;
  row.ip = address(number).ip;
  row.traits.ports = {{"http", address(number).port}};
  return encode(row);
}

struct Knocking {
  Knocking() : state({std::uint64_t{1} << 32, 9}, Rows().with(rows()), kMaxChanges) {}
  static std::vector<Row> rows() {
    std::vector<Row> rows;
    for (std::uint32_t n = 0; n < 30; ++n) {
      auto row = endpoint("service" + std::to_string(n % 3), n);
      rows.push_back({std::move(row.key), n + 1, std::move(row.value), false});
    }
    return rows;
  }
  Probing::Round begin(base::Duration rhythm = 1s) {
    return probing.begin(now, config, kEast, &state, rhythm, ++round, config.probes_per_round,
                         random);
  }
  NodeConfig config;
  base::TimePoint now{1h};
  base::Random random{1};
  OriginState state;
  Probing probing;
  std::uint64_t round = 0;
};

}  // namespace

TEST_CASE("a round is a sample over all services", "[discovery]") {
  Knocking story;
  const auto round = story.begin();
  REQUIRE(round.request);
  CHECK(round.request->targets.size() == story.config.probes_per_round);
  std::set<std::uint32_t> services;
  for (std::uint32_t n = 0; n < 30; ++n)
    for (const auto& target : round.request->targets)
      if (target == address(n)) services.insert(n % 3);
  CHECK(services.size() == 3);
}

TEST_CASE("a round in which nobody could be asked says nothing", "[discovery]") {
  Knocking story;
  const auto round = story.begin();
  CHECK(!story.probing.answered({round.request->id, {}, {}}, 1));
  CHECK(story.probing.failed().empty());
  CHECK(!story.probing.answered({round.request->id, {address(1)}, {}}, 1));  // it is over
}

TEST_CASE("an address fails by itself only where others answer", "[discovery]") {
  Knocking story;
  story.begin();
  CHECK(story.probing.answered({story.round, {}, {address(1), address(2)}}, 1) ==
        Ageing::Probes::unanswered);
  CHECK(story.probing.failed().empty());
  story.now += 10s;
  story.begin();
  story.probing.answered({story.round, {address(1)}, {address(2)}}, 1);
  CHECK(story.probing.failed() == std::vector{address(2)});
  story.now += 10s;
  story.begin();
  story.probing.answered({story.round, {}, {address(1), address(2)}}, 1);
  CHECK(story.probing.failed() == std::vector{address(2)});
}

TEST_CASE("rounds keep no step with anything", "[discovery]") {
  Knocking story;
  std::set<base::Duration> phases;
  for (int n = 0; n < 40; ++n) {
    story.begin();
    const auto before = std::exchange(story.now, story.probing.deadline(story.config, 1s));
    CHECK(story.now - before <= 1s);
    CHECK(story.now - before > 750ms);
    phases.insert(story.now.time_since_epoch() % 1s / 100ms * 100ms);
    story.probing.answered({story.round, {}, {address(1)}}, 1);
  }
  CHECK(phases.size() == 10);
}

TEST_CASE("the reply to another round is ignored", "[discovery]") {
  Knocking story;
  story.begin();
  CHECK(!story.probing.answered({story.round + 1, {address(1)}, {}}, 1));
  CHECK(!story.probing.answered({0, {address(1)}, {}}, 1));
  CHECK(story.probing.answered({story.round, {address(1)}, {}}, 1) == Ageing::Probes::answered);
}

TEST_CASE("whose word is heard loses an address after three rounds, and it is asked first",
          "[discovery]") {
  Knocking story;
  const auto first = story.begin().request->targets.front();
  story.probing.answered({story.round, {address(99)}, {first}}, 3);
  // Whether `first` was asked first.
  const auto round = [&](const base::SocketAddress& fails) {
    story.now += 1s;
    const auto begun = story.begin(5s);
    REQUIRE(begun.request);
    ProbeReply reply{story.round, {}, {}};
    for (const auto& target : begun.request->targets)
      (target == fails ? reply.failed : reply.alive).push_back(target);
    story.probing.answered(reply, 3);
    return begun.request->targets.front() == first;
  };
  CHECK(story.probing.failed().empty());
  CHECK(round(first));
  CHECK(story.probing.failed().empty());
  CHECK(round(first));
  CHECK(story.probing.failed() == std::vector{first});
  CHECK_FALSE(story.begin(5s).request);  // decided: no hurry
  story.now += 4s;
  CHECK(round(address(99)));
  CHECK(story.probing.failed().empty());
}

TEST_CASE("endpoints on networks that cannot be reached from here are not asked", "[discovery]") {
  Knocking story;
  std::vector<Row> rows;
  for (std::uint32_t n = 0; n < 4; ++n) {
    auto row = endpoint("web", n, n == 0 ? "" : n == 1 ? "vpc" : "island");
    rows.push_back({std::move(row.key), n + 1, std::move(row.value), false});
  }
  story.state = OriginState({std::uint64_t{1} << 32, 9}, Rows().with(rows), kMaxChanges);
  const auto asked = [&] {
    story.now += 10s;
    auto targets = story.begin().request.value_or(ProbeRequest{}).targets;
    std::sort(targets.begin(), targets.end());
    return targets;
  };
  CHECK(asked().size() == 4);
  story.config.networks = {"vpc"};
  CHECK(asked() == std::vector{address(0), address(1)});
  story.config.networks = {"lan"};
  CHECK(asked() == std::vector{address(0)});
}

TEST_CASE("the dead are asked every ten seconds, and each second when one answers again",
          "[discovery]") {
  Knocking story;
  auto ask = [&](base::Duration rhythm) {
    auto round = story.begin(rhythm);
    if (round.request) story.probing.answered({round.request->id, {address(1)}, {}}, 1);
    return round.request.has_value();
  };
  CHECK(ask(10s));
  story.now += 9s;
  CHECK(!ask(10s));
  CHECK(ask(1s));
  story.now += 1s;
  CHECK(ask(1s));
}

TEST_CASE("an answer in the moment of death is heard first", "[discovery]") {
  const auto killed = [] {
    Story story;
    story.start("east");
    const auto row = endpoint("a", 1);
    story.says("east", {{row.key, {row.value.begin(), row.value.end()}}});
    story.start("west");
    story.connect("east", "west");
    story.run(1s);
    story.kill("east");
    return story;
  };
  base::TimePoint death{};
  auto first = killed();
  first.hears_event = [&](const std::string&, const Event& event) {
    if (event.kind == Event::Kind::dead) death = first.now;
  };
  first.run(60s);
  REQUIRE(death > base::TimePoint{});

  auto again = killed();
  again.run(death - 1500ms - again.now);
  auto& west = again.node("west");
  ProbeRequest open;
  while (west.next_deadline() < death) {
    auto effects = west.tick(west.next_deadline());
    if (!effects.probes.empty()) open = effects.probes.front();
  }
  REQUIRE(open.id != 0);
  for (const auto& event : west.probed(death, {open.id, {address(1)}, {}}).events)
    CHECK(event.kind == Event::Kind::stale);
  again.now = death;
  CHECK(again.state("west", "east") == State::stale);
}

TEST_CASE("who is behind a third is asked until its own link is back", "[discovery]") {
  Story story;
  const auto row = endpoint("web", 1);
  story.start("east", {{row.key, row.value}});
  story.start("west");
  story.start("eu");
  story.connect("east", "eu");
  story.connect("west", "eu");
  const auto link = story.connect("east", "west");
  story.run(2s);
  CHECK(story.node("west").counters().probes == 0);
  CHECK(story.member("west", "east").path == Member::Path::direct);

  // Their own path is cut; eu hears both.
  story.blackhole(link);
  story.run(6s);
  CHECK(story.state("west", "east") == State::demoted);
  CHECK(story.state("eu", "east") == State::fresh);
  story.run(60s);
  auto east = story.member("west", "east");
  CHECK(east.state == State::demoted);
  CHECK(east.path == Member::Path::fails);
  CHECK(east.via == "eu");
  CHECK(*east.age < 3s);

  SECTION("the endpoints answer before the agents have a link") {
    story.answering = {address(1)};
    story.run(2s);
    CHECK(story.state("west", "east") == State::fresh);
    CHECK(story.member("west", "east").path == Member::Path::answers);
    CHECK(story.member("west", "east").via == "eu");
  }
  SECTION("the link is back") {
    story.connect("east", "west");
    CHECK(story.state("west", "east") == State::fresh);
    CHECK(story.member("west", "east").path == Member::Path::direct);
    const auto probes = story.node("west").counters().probes;
    story.run(60s);
    CHECK(story.node("west").counters().probes == probes);
    CHECK(story.member("west", "east").via == "direct");
  }
  SECTION("eu is gone too, and nobody is direct without a link") {
    story.kill("eu");
    story.run(1s);
    CHECK(story.member("west", "east").via == "eu");
    CHECK(story.member("west", "eu").via.empty());
  }
}

TEST_CASE("who was never linked starts in its tier and is asked at once", "[discovery]") {
  Story story;
  const auto row = endpoint("web", 1);
  for (const auto* name : {"east", "west", "eu"}) story.start(name, {{row.key, row.value}});
  story.connect("east", "eu");
  story.connect("west", "eu");
  story.run(500ms);
  CHECK(story.state("west", "east") == State::fresh);
  CHECK(story.node("west").counters().probes > 0);
  SECTION("and goes where nothing answers") {
    story.run(3s);
    CHECK(story.state("west", "east") == State::demoted);
    CHECK(story.state("east", "west") == State::demoted);
    CHECK(story.state("eu", "west") == State::fresh);
  }
  SECTION("and stays where something does") {
    story.answering = {address(1)};
    story.run(60s);
    CHECK(story.state("west", "east") == State::fresh);
    CHECK(story.node("west").counters().probes < 16);
  }
}

TEST_CASE("however many are silent, each is knocked at and all together no more than can be made") {
  Story story;
  auto config = story.config("us");
  config.max_probes = 6;
  story.start(config, "us", {});
  story.act("us", story.node("us").local_ready(story.now));
  for (const auto* name : {"a", "b", "c"}) {
    Story::Contents rows;
    for (std::uint32_t n = 0; n < 9; ++n) {
      auto row = endpoint("web", static_cast<std::uint32_t>(*name) << 8 | n);
      rows[row.key] = row.value;
    }
    story.start(name, rows);
    story.connect(name, "us");
  }
  story.run(2s);
  for (const auto* name : {"a", "b", "c"}) story.kill(name);
  std::map<std::string, std::size_t> targets;
  story.hears_probe = [&](const std::string&, const ProbeRequest& request) {
    targets[request.origin.cluster] = request.targets.size();
  };
  story.run(4s);
  CHECK(targets == std::map<std::string, std::size_t>{{"a", 2}, {"b", 2}, {"c", 2}});
}
