#include "discovery/sources/registrations.hpp"

#include <array>

#include "base/random.hpp"

#include <catch2/catch.hpp>

using discovery::OriginId;
using discovery::RegistrationRow;
using namespace discovery::sources;
using namespace std::chrono_literals;

namespace {

const base::TimePoint kStart{};

std::string web(const std::string& endpoints, const std::string& more = "") {
  return "service: web\nnamespace: shop\nport: 80\nendpoints: [" + endpoints + "]\n" + more;
}

std::vector<std::string> addresses(const Registrations& all) {
  std::vector<std::string> texts;
  for (const auto& service : all.services())
    for (const auto& endpoint : service.endpoints)
      texts.push_back(service.metadata.name + " " + endpoint.ip.to_string());
  return texts;
}

std::string why_not(Registrations& all, const std::string& text, base::Duration lease = 30s) {
  const auto done = all.put(kStart, text, lease);
  return done ? "" : done.error().message;
}

}  // namespace

TEST_CASE("registrations of one service are one service, each as long as its lease", "[sources]") {
  Registrations all;
  CHECK(all.put(kStart, web("10.0.0.1"), 10s).value());
  CHECK(all.put(kStart + 5s, web("10.0.0.2, 10.0.0.3"), 10s).value());
  CHECK(addresses(all) == std::vector<std::string>{"web 10.0.0.1", "web 10.0.0.2", "web 10.0.0.3"});
  CHECK(all.services().size() == 1);
  CHECK(all.services().front().endpoints.front().labels.at(kSourceLabel) == "registration");
  CHECK(all.deadline() == kStart + 10s);
  CHECK_FALSE(all.tick(kStart + 9s));
  CHECK(all.tick(kStart + 10s));
  CHECK(addresses(all) == std::vector<std::string>{"web 10.0.0.2", "web 10.0.0.3"});
  CHECK(all.tick(kStart + 15s));
  CHECK(all.services().empty());
  CHECK(all.deadline() == base::TimePoint::max());
}

TEST_CASE("what is said again lives on, and is the same object", "[sources]") {
  Registrations all;
  REQUIRE(all.put(kStart, web("10.0.0.1"), 10s).value());
  const auto before = all.services().pointers();
  CHECK_FALSE(all.put(kStart + 8s, web("10.0.0.1"), 10s).value());
  CHECK(all.services().pointers() == before);
  CHECK_FALSE(all.tick(kStart + 10s));
  CHECK(all.entries(kStart + 10s).front().rest == 8s);
  CHECK(all.put(kStart + 10s, web("10.0.0.1"), 60s).value());  // a restart is to know it
  CHECK(all.saved() == std::vector<discovery::SavedRegistration>{{web("10.0.0.1"), 60s}});
}

TEST_CASE("what an endpoint says of itself may change, what all say may not", "[sources]") {
  Registrations all;
  REQUIRE(why_not(all, web("10.0.0.1")).empty());
  CHECK(why_not(all, web("{address: 10.0.0.1, weight: 3}")).empty());
  CHECK(all.services().front().endpoints.front().weight == 3);
  CHECK(all.entries(kStart).size() == 1);
  CHECK(why_not(all, web("10.0.0.1", "labels: {app: web}\n")).empty());  // it is alone
  CHECK(why_not(all, web("10.0.0.2")) ==
        "shop/web is registered with other labels: registrations of one service differ in their "
        "endpoints only; what one endpoint has of its own stands with the endpoint");
  CHECK(why_not(all,
                "service: web\nnamespace: shop\nport: 81\nlabels: {app: web}\n"
                "endpoints: [10.0.0.2]\n")
            .starts_with("shop/web is registered with other ports"));
}

TEST_CASE("what cannot be registered says why and changes nothing", "[sources]") {
  Registrations all;
  CHECK(why_not(all, web("10.0.0.1"), 2s) == "a lease of 2.0s: from 3.0s to 24h0m");
  CHECK(why_not(all, web("10.0.0.1"), 25h).starts_with("a lease of 25h"));
  CHECK(why_not(all, "").starts_with("a registration is one service in the short form"));
  CHECK(why_not(all, web("10.0.0.1") + "---\n" + web("10.0.0.2")).find("twice") !=
        std::string::npos);
  CHECK(why_not(all, web("10.0.0.1", "# " + std::string(Registrations::kMostText, 'x') + "\n"))
            .starts_with("a registration of"));
  CHECK(why_not(all, web("")).starts_with("a registration without endpoints"));
  CHECK(why_not(all, web("web.example.com")).find("is a name") != std::string::npos);
  CHECK(why_not(all, web("10.0.0.1", "cluster: west\n")).find("unknown field") !=
        std::string::npos);
  CHECK(why_not(all, web("10.0.0.1.2")).starts_with("registration:4:"));
  CHECK(all.services().empty());
}

TEST_CASE("a stall of ours ends no lease", "[sources]") {
  Registrations all;
  REQUIRE(all.put(kStart, web("10.0.0.1"), 10s).value());
  all.forgive(30s);
  CHECK_FALSE(all.tick(kStart + 35s));
  CHECK(all.tick(kStart + 40s));
}

TEST_CASE("a registration is taken back by the service and its endpoints", "[sources]") {
  Registrations all;
  REQUIRE(why_not(all, web("10.0.0.1, 10.0.0.2")).empty());
  CHECK_FALSE(all.remove(kStart, web("10.0.0.1")).value());
  CHECK(all.remove(kStart, web("10.0.0.2, 10.0.0.1")).value());
  CHECK(all.services().empty());
}

namespace {

const OriginId kEast{"east", 0}, kEastToo{"east", 1};

std::vector<RegistrationRow> records(const Registrations& all) {
  return all.records([](const auto&) { return true; });
}

Registrations::Heard word(const OriginId& from, const Registrations& of, std::uint64_t life = 1) {
  Registrations::Heard heard{from, life, std::nullopt, {}};
  for (const auto& record : records(of)) {
    const auto row = discovery::encode_registration(record);
    const auto read = discovery::decode_registration(row.key, row.value);
    REQUIRE(read);
    heard.records.push_back(*read);
  }
  return heard;
}

using Addresses = std::vector<std::string>;

}  // namespace

TEST_CASE("what one agent was told all know, and while it is renewed there nobody says a word",
          "[sources]") {
  Registrations told, sibling;
  REQUIRE(told.put(kStart, web("10.0.0.1"), 10s, 1).value());
  CHECK(sibling.hear(kStart, word(kEast, told)));
  CHECK(addresses(sibling) == Addresses{"web 10.0.0.1"});
  CHECK(records(sibling).empty());
  CHECK(sibling.saved().empty());
  CHECK(sibling.entries(kStart).front().elsewhere);
  CHECK(sibling.deadline() == base::TimePoint::max());
  const auto before = records(told);
  CHECK_FALSE(told.put(kStart + 8s, web("10.0.0.1"), 10s, 2).value());
  CHECK(records(told) == before);
  CHECK_FALSE(sibling.hear(kStart + 8s, word(kEast, told)));
  CHECK(told.tick(kStart + 18s));
  CHECK(sibling.hear(kStart + 18s, word(kEast, told)));
  CHECK(sibling.services().empty());
}

TEST_CASE("what a silent agent was told goes on for a lease from its last word", "[sources]") {
  Registrations told, sibling, third;
  REQUIRE(told.put(kStart, web("10.0.0.1"), 10s, 1).value());
  sibling.hear(kStart, word(kEast, told));
  auto silent = word(kEast, told);
  silent.silent_since = kStart + 5s;
  CHECK(sibling.hear(kStart + 8s, silent));
  CHECK(sibling.deadline() == kStart + 15s);
  third.hear(kStart + 8s, word(kEastToo, sibling));  // a new one learns it of who is left
  CHECK(addresses(third) == Addresses{"web 10.0.0.1"});
  CHECK_FALSE(sibling.put(kStart + 12s, web("10.0.0.1"), 10s, 2).value());  // renewed here
  CHECK_FALSE(sibling.hear(kStart + 14s, silent));  // its old word says nothing new
  CHECK_FALSE(sibling.tick(kStart + 21s));
  CHECK(sibling.tick(kStart + 22s));
  CHECK(sibling.services().empty());
  CHECK_FALSE(sibling.hear(kStart + 23s, silent));
  CHECK(sibling.services().empty());
}

TEST_CASE("an agent that begins anew and knows nothing loses nothing for the others", "[sources]") {
  Registrations told, sibling;
  REQUIRE(told.put(kStart, web("10.0.0.1"), 10s, 1).value());
  sibling.hear(kStart, word(kEast, told, 1));
  Registrations anew;
  sibling.hear(kStart + 1s, word(kEast, anew, 2));
  CHECK(addresses(sibling) == Addresses{"web 10.0.0.1"});
  CHECK(anew.hear(kStart + 1s, word(kEastToo, sibling)));
  CHECK(addresses(anew) == Addresses{"web 10.0.0.1"});
  CHECK_FALSE(sibling.tick(kStart + 10s));
  CHECK(sibling.tick(kStart + 11s));  // and nobody has renewed it
  anew.hear(kStart + 11s, word(kEastToo, sibling));
  CHECK(anew.services().empty());
}

TEST_CASE("it may be taken back at either, and said again after that", "[sources]") {
  Registrations told, sibling;
  REQUIRE(told.put(kStart, web("10.0.0.1"), 60s, 1).value());
  sibling.hear(kStart, word(kEast, told));
  CHECK(sibling.remove(kStart, web("10.0.0.1"), 2).value());
  CHECK(sibling.services().empty());
  CHECK_FALSE(sibling.hear(kStart, word(kEast, told)));  // said before the end was known there
  CHECK(sibling.services().empty());
  CHECK(told.hear(kStart, word(kEastToo, sibling)));
  CHECK(told.services().empty());
  REQUIRE(told.put(kStart + 1s, web("10.0.0.1"), 60s, 3).value());
  CHECK(sibling.hear(kStart + 1s, word(kEast, told)));
  CHECK(addresses(sibling) == Addresses{"web 10.0.0.1"});
  CHECK(records(sibling).empty());
  told.hear(kStart + 1s, word(kEastToo, sibling));
  CHECK(addresses(told) == Addresses{"web 10.0.0.1"});
}

TEST_CASE("an end is remembered for longer than who was away knows what has ended", "[sources]") {
  Registrations told, sibling;
  REQUIRE(told.put(kStart, web("10.0.0.1"), 60s, 1).value());
  const auto old = word(kEast, told);
  sibling.hear(kStart, old);
  CHECK(sibling.remove(kStart, web("10.0.0.1"), 2).value());
  CHECK_FALSE(sibling.tick(kStart + 239s));
  sibling.hear(kStart + 239s, old);
  CHECK(sibling.services().empty());
  CHECK(records(sibling).size() == 1);
  CHECK(sibling.tick(kStart + 240s));
  CHECK(records(sibling).empty());
}

TEST_CASE("what a disk has kept counts for less than what any agent says", "[sources]") {
  Registrations here, back;
  REQUIRE(here.put(kStart, web("{address: 10.0.0.1, weight: 3}"), 60s, 1).value());
  CHECK(here.remove(kStart, web("10.0.0.1"), 0).value());
  for (const auto* address : {"10.0.0.7", "10.0.0.8", "10.0.0.1"})
    REQUIRE(back.resume(kStart, {web(address), 60s}, 9).value());
  CHECK(back.hear(kStart, word(kEast, here)));
  here.hear(kStart, word(kEastToo, back));
  CHECK(addresses(back) == Addresses{"web 10.0.0.7", "web 10.0.0.8"});
  CHECK(addresses(here) == addresses(back));
  Registrations told;
  REQUIRE(told.put(kStart, web("{address: 10.0.0.7, weight: 3}"), 60s, 0).value());
  CHECK(back.hear(kStart, word(kEast, told)));
  CHECK(back.services().front().endpoints.front().weight == 3);
}

TEST_CASE("of two that do not fit together the later is served, and who renews the other hears so",
          "[sources]") {
  const std::string other = "service: web\nnamespace: shop\nport: 81\nendpoints: [10.0.0.2]\n";
  Registrations one, two;
  REQUIRE(one.put(kStart, web("10.0.0.1"), 60s, 1).value());
  REQUIRE(two.put(kStart, other, 60s, 2).value());
  one.hear(kStart, word(kEastToo, two));
  two.hear(kStart, word(kEast, one));
  CHECK(addresses(one) == Addresses{"web 10.0.0.2"});
  CHECK(addresses(two) == addresses(one));
  CHECK(why_not(one, web("10.0.0.1"), 60s).find("registered with other ports") !=
        std::string::npos);
  CHECK(why_not(two, other, 60s).empty());
}

TEST_CASE("what another agent says is held to what may be registered", "[sources]") {
  Registrations all, liar;
  REQUIRE(liar.put(kStart, web("10.0.0.1"), 60s, 1).value());
  auto heard = word(kEast, liar);
  const auto good = heard.records.front();
  const auto is_taken = [&](RegistrationRow record) {
    Registrations::Heard said{kEast, 1, std::nullopt, {std::move(record)}};
    Registrations anew;
    anew.hear(kStart, said);
    return !anew.services().empty();
  };
  CHECK(is_taken(good));
  auto bad = good;
  bad.lease = 1s;
  CHECK_FALSE(is_taken(bad));
  bad = good;
  bad.text = web("10.0.0.2");  // of another id
  CHECK_FALSE(is_taken(bad));
  bad = good;
  bad.text = "service: [";
  CHECK_FALSE(is_taken(bad));
  CHECK_FALSE(discovery::decode_registration("r/", "").has_value());
  CHECK_FALSE(discovery::decode_registration("r/x", "").has_value());  // without an order
}

// Three agents are told, renew, forget, fall silent and hear each other late; then all speak.
TEST_CASE("whoever was told what and whenever they hear it, all agents know the same",
          "[sources]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    base::Random random(seed);
    std::array<Registrations, 3> agents;
    std::vector<std::pair<std::size_t, Registrations::Heard>> words;
    auto now = kStart;
    const auto id = [](std::size_t i) { return OriginId{"east", static_cast<std::uint32_t>(i)}; };
    for (int step = 0; step < 80; ++step) {
      now += std::chrono::milliseconds(random.below(1500));
      const auto which = random.below(3);
      auto& agent = agents[which];
      const auto weight = std::to_string(1 + random.below(3));
      const auto text = web("{address: 10.0.0." + std::to_string(1 + random.below(4)) +
                            ", weight: " + weight + "}");
      const auto chance = static_cast<std::uint32_t>(random.next());
      switch (random.below(5)) {
        case 0:
        case 1:
          CHECK(agent.put(now, text, 10s, chance).ok());
          break;
        case 2:
          CHECK(agent.remove(now, text, chance).ok());
          break;
        case 3:
          words.emplace_back(which, word(id(which), agent));
          break;
        default:
          if (words.empty()) break;
          auto [from, heard] = words[random.below(words.size())];
          if (from == which) break;
          if (random.chance(0.3)) heard.silent_since = now - 1s;
          agent.hear(now, heard);
      }
      agent.tick(now);
    }
    for (int round = 0; round < 4; ++round)
      for (std::size_t to = 0; to < 3; ++to)
        for (std::size_t from = 0; from < 3; ++from)
          if (to != from) agents[to].hear(now, word(id(from), agents[from]));
    const auto said = [&](const Registrations& all) {
      Addresses endpoints;
      for (const auto& service : all.services())
        for (const auto& endpoint : service.endpoints)
          endpoints.push_back(endpoint.ip.to_string() + " " + std::to_string(endpoint.weight));
      return endpoints;
    };
    CHECK(said(agents[0]) == said(agents[1]));
    CHECK(said(agents[1]) == said(agents[2]));
    // Nobody renews anything: all of it ends.
    for (int second = 0; second < 400; ++second) {
      now += 1s;
      for (auto& agent : agents) agent.tick(now);
      for (std::size_t to = 0; to < 3; ++to)
        for (std::size_t from = 0; from < 3; ++from)
          if (to != from) agents[to].hear(now, word(id(from), agents[from]));
    }
    for (const auto& agent : agents) CHECK((agent.services().empty() && records(agent).empty()));
  }
}
