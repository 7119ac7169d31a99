#include "discovery/sources/srv_names.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace discovery::sources;
using Srv = Resolver::Srv;

namespace {

const std::string kName = "_http._tcp.example.internal";

base::IpAddress ip(std::string_view text) { return *base::IpAddress::parse(text); }

// The clock, one name, and where its targets lead.
struct Story {
  SrvNames names;
  NamedAddresses targets;
  base::TimePoint now = base::TimePoint{} + 1h;

  Story() { names.want({kName}, now); }
  void target(const std::string& name, std::vector<base::IpAddress> addresses, bool whole = true) {
    targets[name] = {std::move(addresses), whole, {}};
  }
  void answer(std::vector<Srv> records, base::Duration lasts = 10s) {
    ask();
    names.answered(kName, Resolver::FoundSrv{std::move(records), lasts}, now);
  }
  void fail(base::Code code) {
    ask();
    names.answered(kName, base::Error{code, kName + " does not resolve"}, now);
  }
  void ask() {
    now += LookUp::kMost;
    REQUIRE(names.due(now) == std::vector<std::string>{kName});
  }
  // "192.0.2.1:80 10 1": address, priority and weight.
  std::vector<std::string> led() {
    names.settle(targets, now);
    std::vector<std::string> all;
    const auto addresses = names.addresses(targets);
    const auto found = addresses.find(kName);
    if (found == addresses.end()) return {"unknown"};
    for (const auto& to : found->second.to)
      all.push_back(base::SocketAddress{to.ip, to.port}.to_string() + " " +
                    std::to_string(to.priority) + " " + std::to_string(to.weight));
    return all;
  }
  std::string trouble() { return names.status(now).front().trouble; }
};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("an SRV name leads to its targets' addresses, by priority and weight", "[sources]") {
  Story story;
  story.target("a.example", {ip("192.0.2.1"), ip("2001:db8::1")});
  story.target("b.example", {ip("192.0.2.2")});
  CHECK(story.led() == Texts{"unknown"});
  story.answer({{20, "b.example", 81, 5}, {10, "a.example", 80, 20}, {10, "b.example", 80, 30}});
  CHECK(story.names.targets() == std::vector<std::string>{"a.example", "b.example"});
  CHECK(story.led() == Texts{"192.0.2.1:80 10 2", "[2001:db8::1]:80 10 2", "192.0.2.2:80 10 3",
                             "192.0.2.2:81 20 1"});
  CHECK(story.trouble().empty());
}

TEST_CASE("a record's weight of 0 is hardly ever, and as all where all are 0", "[sources]") {
  Story story;
  story.target("a.example", {ip("192.0.2.1")});
  story.target("b.example", {ip("192.0.2.2")});
  story.answer({{0, "a.example", 80, 0}, {0, "b.example", 80, 7}});
  CHECK(story.led() == Texts{"192.0.2.1:80 0 1", "192.0.2.2:80 0 10"});
  story.answer({{0, "a.example", 80, 0}, {0, "b.example", 80, 0}});
  CHECK(story.led() == Texts{"192.0.2.1:80 0 1", "192.0.2.2:80 0 1"});
}

TEST_CASE("an SRV name is asked for again when its records end", "[sources]") {
  Story story;
  story.target("a.example", {ip("192.0.2.1")});
  story.answer({{0, "a.example", 80, 0}}, 20s);
  story.now += 20s - 1ns;
  CHECK(story.names.due(story.now).empty());
  story.now += 1ns;
  CHECK(story.names.due(story.now).size() == 1);
}

TEST_CASE("what servers fail to tell of an SRV name takes nothing away, a denial after a minute",
          "[sources]") {
  Story story;
  story.target("a.example", {ip("192.0.2.1")});
  story.answer({{0, "a.example", 80, 0}});
  const auto before = story.led();
  for (int i = 0; i < 20; ++i) {
    story.fail(base::Code::timeout);
    CHECK(story.led() == before);
  }
  CHECK(story.trouble() == kName + " does not resolve");
  const bool by_root = GENERATE(true, false);  // or NXDOMAIN
  const auto deny = [&] {
    by_root ? story.answer({{0, "", 0, 0}}) : story.fail(base::Code::not_found);
  };
  deny();
  CHECK(story.led() == before);
  if (by_root) CHECK(story.trouble() == kName + " says that there is no such service");
  deny();
  CHECK(story.led() == Texts{});
}

TEST_CASE("new targets take the place of those before when they are known", "[sources]") {
  Story story;
  story.target("a.example", {ip("192.0.2.1")});
  story.answer({{0, "a.example", 80, 0}});
  const auto before = story.led();
  story.answer({{0, "b.example", 80, 0}, {0, "c.example", 80, 0}});
  CHECK(story.names.targets() == std::vector<std::string>{"a.example", "b.example", "c.example"});
  CHECK(story.led() == before);
  story.target("b.example", {ip("192.0.2.2")});
  CHECK(story.led() == before);  // c may come yet
  SECTION("all of them") {
    story.target("c.example", {});
    CHECK(story.led() == Texts{"192.0.2.2:80 0 1"});
    CHECK(story.names.targets() == std::vector<std::string>{"b.example", "c.example"});
  }
  SECTION("or some of them, after a while") {
    story.now += SrvNames::kSettle;
    CHECK(story.led() == Texts{"192.0.2.2:80 0 1"});
  }
}

TEST_CASE("targets that nobody can look up take nobody's place, denied ones after a minute",
          "[sources]") {
  Story story;
  story.target("a.example", {ip("192.0.2.1")});
  story.answer({{0, "a.example", 80, 0}});
  const auto before = story.led();
  story.answer({{0, "b.example", 80, 0}});
  story.now += 10min;
  CHECK(story.led() == before);
  story.target("b.example", {});
  CHECK(story.led() == Texts{});
}

TEST_CASE("records that lead nobody anywhere are left out, and it is told", "[sources]") {
  Story story;
  story.target("a.example", {ip("192.0.2.1")});
  story.answer({{0, "a.example", 80, 0}, {0, "a.example", 0, 0}, {0, "192.0.2.7", 80, 0}});
  CHECK(story.led() == Texts{"192.0.2.1:80 0 1"});
  CHECK(story.trouble().find(kName + " leads to ") == 0);
  std::vector<Srv> many;
  for (std::uint16_t i = 1; i <= 100; ++i) many.push_back({i, "a.example", i, 0});
  story.answer(many);
  CHECK(story.led().size() == SrvNames::kMaxTargets);
  CHECK(story.led().front() == "192.0.2.1:1 1 1");
  CHECK(story.trouble() == kName + " has 100 targets: the first 64 by priority are used");
}

TEST_CASE("SRV names beyond the limit are left out, and what is no longer wanted is forgotten",
          "[sources]") {
  Story story;
  std::vector<std::string> many;
  for (std::size_t i = 0; i < SrvNames::kMaxNames + 3; ++i)
    many.push_back("_s._tcp.n" + std::to_string(1000 + i) + ".example");
  story.names.want(many, story.now);
  CHECK(story.names.left_out() == 3);
  CHECK(story.names.due(story.now).size() == SrvNames::kMaxAtOnce);
  CHECK(story.names.due(story.now).empty());  // under way
  story.names.want({kName}, story.now);
  CHECK(story.names.due(story.now) == std::vector<std::string>{kName});
}
