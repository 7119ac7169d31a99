// What becomes of rows that a source no longer lists: gone at once, or held until it can be
// believed.
#include "discovery/relist_hold.hpp"

#include <algorithm>

#include "discovery/row.hpp"
#include "discovery/row_changes.hpp"
#include "tests/unit/discovery/story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery;

namespace {

base::SocketAddress address(std::size_t number) {
  return {base::IpAddress::v4(10u << 24 | static_cast<std::uint32_t>(number)), 80};
}

EncodedRow endpoint(std::size_t number) {
  EndpointRow row{"apps", "web", address(number).to_string(), {}};
  row.ip = address(number).ip;
  row.traits.ports = {{"http", 80}};
  return encode(row);
}

using Numbers = std::set<std::size_t>;

Numbers numbers(std::size_t first, std::size_t end) {
  Numbers numbers;
  for (auto n = first; n < end; ++n) numbers.insert(n);
  return numbers;
}

std::vector<EncodedRow> twelve() {
  std::vector<EncodedRow> rows;
  for (const auto n : numbers(0, 12)) rows.push_back(endpoint(n));
  return rows;
}

RelistHold::Listed as_listed(const std::vector<EncodedRow>& rows) {
  RelistHold::Listed listed;
  for (const auto& row : rows) listed[row.key] = row.value;
  return listed;
}

// East, whose source lists twelve endpoints that answer, and west, which hears of it.
struct Listed {
  Listed() {
    story.start("east");
    story.start("west");
    story.connect("east", "west");
    for (const auto n : numbers(0, 12)) story.answering.insert(address(n));
    story.hears_event = [this](const std::string&, const Event& event) {
      if (event.kind == Event::Kind::held || event.kind == Event::Kind::hold_ended)
        told.push_back(event.text);
    };
    list(numbers(0, 12), Listing::change);
  }
  void list(const Numbers& those, Listing listing, const std::string& source = "files") {
    std::vector<EncodedRow> rows;
    for (const auto n : those) rows.push_back(endpoint(n));
    if (!those.empty()) rows.push_back({"s/apps/web", "the service"});
    auto& node = story.node("east");
    auto changes = changes_to(rows, source);
    story.act("east", by_changes && listing == Listing::change
                          ? node.change_local(story.now, source, std::move(changes))
                          : node.replace_local(story.now, source, std::move(rows), listing));
    story.run(100ms);
  }
  // From what the source listed last.
  RowChanges changes_to(std::vector<EncodedRow> rows, const std::string& source) {
    std::ranges::sort(rows, {}, &EncodedRow::key);
    auto changes = changes_between(listed[source], rows);
    listed[source] = std::move(rows);
    return changes;
  }
  // Of the endpoints that west hears of, those that are healthy, or all.
  Numbers shown(bool healthy_only = false) {
    Numbers shown;
    for (const auto& [key, value] : story.knows("west", "east")) {
      if (key == "s/apps/web") continue;
      const auto row = std::get<EndpointRow>(*decode(key, value));
      if (!healthy_only || row.health == view::Health::healthy) shown.insert(row.ip.bytes()[3]);
    }
    return shown;
  }
  std::vector<Hold> holds() { return story.node("east").holds(story.now); }

  Story story;
  std::vector<std::string> told;
  std::map<std::string, std::vector<EncodedRow>> listed;  // by source
  const bool by_changes = GENERATE(false, true);  // that a source saw: told as such, or all anew
};

}  // namespace

TEST_CASE("what a relist has lost stays for a minute and is gone then", "[discovery]") {
  Listed listed;
  listed.list(numbers(0, 5), Listing::relist);
  CHECK(listed.shown() == numbers(0, 12));
  REQUIRE(listed.holds().size() == 1);
  CHECK(listed.holds().front().source == "files");
  CHECK(listed.holds().front().endpoints == 7);
  REQUIRE(listed.told.size() == 1);
  CHECK(listed.told.front().find("files: what it lists anew lacks 7 endpoints") == 0);
  listed.story.run(59s);
  CHECK(listed.shown() == numbers(0, 12));
  listed.story.run(2s);
  CHECK(listed.shown() == numbers(0, 5));
  CHECK(listed.holds().empty());
  CHECK(listed.told.back() == "files: what was held is gone: its time is over");
}

TEST_CASE("what a source saw go is gone at once, also while something is held", "[discovery]") {
  Listed listed;
  listed.list(numbers(0, 1), Listing::change);
  CHECK(listed.shown() == numbers(0, 1));
  listed.list(numbers(0, 12), Listing::change);
  listed.list(numbers(0, 5), Listing::relist);
  listed.list(numbers(1, 4), Listing::change);
  auto left = numbers(1, 12);
  left.erase(4);
  CHECK(listed.shown() == left);
  CHECK(listed.holds().front().endpoints == 7);
}

TEST_CASE("a relist is believed that misses half, or has fewer than ten to miss", "[discovery]") {
  Listed listed;
  listed.list(numbers(0, 6), Listing::relist);
  CHECK(listed.shown() == numbers(0, 6));
  listed.list(numbers(0, 9), Listing::change);
  listed.list({}, Listing::relist);
  CHECK(listed.shown().empty());
  CHECK(listed.told.empty());
}

TEST_CASE("endpoints whose service has as many others now are not missed", "[discovery]") {
  Listed listed;
  listed.list(numbers(20, 32), Listing::relist);
  CHECK(listed.shown() == numbers(20, 32));
  listed.list(numbers(40, 46), Listing::relist);
  CHECK(listed.shown() == numbers(40, 46));
  CHECK(listed.told.empty());
}

TEST_CASE("a few new endpoints do not make up for many that are missing", "[discovery]") {
  Listed listed;
  listed.list(numbers(20, 25), Listing::relist);
  auto all = numbers(0, 12);
  all.merge(numbers(20, 25));
  CHECK(listed.shown() == all);
  CHECK(listed.holds().front().endpoints == 12);
  listed.list(numbers(20, 32), Listing::relist);
  CHECK(listed.holds().front().endpoints == 12);
}

TEST_CASE("endpoints of another service take nobody's place", "[discovery]") {
  Listed listed;
  std::vector<EncodedRow> others;
  for (auto row : {endpoint(20), endpoint(21), endpoint(22), endpoint(23), endpoint(24),
                   endpoint(25), endpoint(26), endpoint(27), endpoint(28), endpoint(29)}) {
    row.key.replace(row.key.find("/web/"), 5, "/api/");
    others.push_back(row);
  }
  listed.story.act("east", listed.story.node("east").replace_local(listed.story.now, "files",
                                                                   others, Listing::relist));
  CHECK(listed.holds().front().endpoints == 12);
}

TEST_CASE("what no longer lists anything loses no service either", "[discovery]") {
  Listed listed;
  listed.list({}, Listing::relist);
  CHECK(listed.shown() == numbers(0, 12));
  CHECK(listed.story.knows("west", "east").contains("s/apps/web"));
  CHECK(listed.holds().front().rows == 13);
}

TEST_CASE("what is listed again is held no longer", "[discovery]") {
  Listed listed;
  listed.list(numbers(0, 2), Listing::relist);
  listed.list(numbers(0, 8), Listing::relist);
  CHECK(listed.holds().front().endpoints == 4);
  listed.list(numbers(0, 12), Listing::change);
  CHECK(listed.holds().empty());
  CHECK(listed.told.back() == "files: what was held is listed again");
  listed.story.run(61s);
  CHECK(listed.shown() == numbers(0, 12));
}

TEST_CASE("each row is held from the relist that first missed it", "[discovery]") {
  Listed listed;
  listed.list(numbers(0, 4), Listing::relist);
  listed.story.run(30s);
  listed.list(numbers(0, 2), Listing::relist);
  listed.story.run(31s);
  CHECK(listed.shown() == numbers(0, 4));
  listed.story.run(30s);
  CHECK(listed.shown() == numbers(0, 2));
}

TEST_CASE("the operator can have a relist believed", "[discovery]") {
  Listed listed;
  listed.list({}, Listing::relist);
  listed.story.act("east", listed.story.node("east").release(listed.story.now, "others"));
  CHECK(listed.holds().size() == 1);
  listed.story.act("east", listed.story.node("east").release(listed.story.now, "files"));
  listed.story.run(100ms);
  CHECK(listed.shown().empty());
  CHECK(listed.told.back() == "files: what was held is gone: released by the operator");
}

TEST_CASE("a held endpoint that does not answer is unhealthy until it does", "[discovery]") {
  Listed listed;
  for (const auto n : numbers(8, 10)) listed.story.answering.erase(address(n));
  listed.list(numbers(0, 5), Listing::relist);
  listed.story.run(2s);
  auto healthy = numbers(0, 8);
  healthy.insert({10, 11});
  CHECK(listed.shown(true) == healthy);
  CHECK(listed.shown() == numbers(0, 12));
  CHECK(listed.holds().front().failing == 2);
  listed.story.answering.insert(address(8));
  listed.story.run(2s);
  healthy.insert(8);
  CHECK(listed.shown(true) == healthy);
  listed.list(numbers(0, 12), Listing::relist);
  CHECK(listed.shown(true) == numbers(0, 12));
}

TEST_CASE("many held endpoints are asked in turn", "[discovery]") {
  NodeConfig config;
  config.held_probes = 5;
  const auto endpoints = twelve();
  auto before = as_listed(endpoints);
  before["s/apps/web"] = "the service";
  RelistHold hold;
  base::TimePoint now{1h};
  CHECK(hold.replaced(now, config, before, {}, Listing::relist) == 12);
  std::map<base::SocketAddress, int> asked;
  for (std::uint64_t round = 1; round <= 12; ++round) {
    const auto request = hold.begin(now, config, round);
    REQUIRE(request);
    CHECK(!hold.begin(now, config, 100));
    for (const auto& target : request->targets) ++asked[target];
    now = hold.deadline();
  }
  CHECK(asked.size() == 12);
  for (const auto& [target, times] : asked) CHECK(times == 5);
}

TEST_CASE("who could not be asked is neither dead nor alive, and old replies do not count",
          "[discovery]") {
  NodeConfig config;
  const auto endpoints = twelve();
  const auto before = as_listed(endpoints);
  RelistHold hold;
  const base::TimePoint now{1h};
  hold.replaced(now, config, before, {}, Listing::relist);
  hold.begin(now, config, 7);
  CHECK(hold.answered({6, {}, {address(1)}}).empty());
  CHECK(hold.answered({7, {}, {address(1)}}) == std::vector{endpoint(1).key});
  CHECK(hold.answered({7, {}, {address(2)}}).empty());
  CHECK(hold.status(now).failing == 1);
}

TEST_CASE("time in which the agent itself was stalled does not end a hold", "[discovery]") {
  Listed listed;
  listed.list({}, Listing::relist);
  listed.story.actor("east").deaf_until = listed.story.now + 90s;
  listed.story.run(100s);
  CHECK(listed.holds().size() == 1);
  listed.story.run(60s);
  CHECK(listed.holds().empty());
}

TEST_CASE("what another source lists is no longer held", "[discovery]") {
  Listed listed;
  listed.list({}, Listing::relist);
  listed.list(numbers(0, 12), Listing::change, "kubernetes");
  listed.story.run(61s);
  CHECK(listed.shown() == numbers(0, 12));
}
