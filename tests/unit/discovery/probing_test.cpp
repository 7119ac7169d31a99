// Whom to knock at, how often, and what an answer means that comes late, empty or in the last
// moment.
#include "discovery/probing.hpp"

#include "discovery/row.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>  // last: its CHECK takes the place of base's

using namespace std::chrono_literals;
using namespace discovery;
using State = Ageing::State;

namespace {

const OriginId kEast{"east", 0};

base::SocketAddress address(std::uint32_t number) {
  return {base::IpAddress::v4(10u << 24 | number), 80};
}

EncodedRow endpoint(const std::string& service, std::uint32_t number) {
  EndpointRow row{"apps", service, address(number).to_string(), {}};
  row.endpoint.ip = address(number).ip;
  row.endpoint.ports = {{"http", address(number).port}};
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
  Probing::Round begin(State age = State::suspect) {
    return probing.begin(now, config, kEast, &state, age, ++round, config.probes_per_round, random);
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
  CHECK(!story.probing.answered({round.request->id, {}, {}}));
  CHECK(story.probing.failed().empty());
  CHECK(!story.probing.answered({round.request->id, {address(1)}, {}}));  // it is over
}

TEST_CASE("an address fails by itself only where others answer", "[discovery]") {
  Knocking story;
  story.begin();
  CHECK(story.probing.answered({story.round, {}, {address(1), address(2)}}) ==
        Ageing::Probes::unanswered);
  CHECK(story.probing.failed().empty());
  story.now += 10s;
  story.begin();
  story.probing.answered({story.round, {address(1)}, {address(2)}});
  CHECK(story.probing.failed() == std::vector{address(2)});
  story.now += 10s;
  story.begin();
  story.probing.answered({story.round, {}, {address(1), address(2)}});
  CHECK(story.probing.failed() == std::vector{address(2)});
}

TEST_CASE("the reply to another round is ignored", "[discovery]") {
  Knocking story;
  story.begin();
  CHECK(!story.probing.answered({story.round + 1, {address(1)}, {}}));
  CHECK(!story.probing.answered({0, {address(1)}, {}}));
  CHECK(story.probing.answered({story.round, {address(1)}, {}}) == Ageing::Probes::answered);
}

TEST_CASE("the dead are asked every ten seconds, and each second when one answers again",
          "[discovery]") {
  Knocking story;
  auto ask = [&](State age) {
    auto round = story.begin(age);
    if (round.request) story.probing.answered({round.request->id, {address(1)}, {}});
    return round.request.has_value();
  };
  CHECK(ask(State::dead));
  story.now += 9s;
  CHECK(!ask(State::dead));
  CHECK(ask(State::stale));
  story.now += 1s;
  CHECK(ask(State::stale));
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
