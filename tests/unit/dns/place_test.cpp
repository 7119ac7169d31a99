// Places in names: `<place>.{pin|prefer}.{_zone|_region|_cluster}.<host>`.
#include "dns/place_labels.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "tests/unit/dns/mesh.hpp"
#include "tests/unit/dns/numbers.hpp"

using namespace numbers;
using mesh::Asker;
using mesh::Mesh;
using mesh::TestEndpoint;
using mesh::TestHost;
using Strings = std::vector<std::string>;
namespace view = discovery::view;

namespace {

Strings sorted(Strings all) {
  std::sort(all.begin(), all.end());
  return all;
}

TestEndpoint at(const std::string& ip, const std::string& cluster, const std::string& zone,
                view::Reason reason = view::Reason::selected) {
  return {.ip = ip, .cluster = cluster, .reason = reason, .locality = {"us", zone, ""}};
}

// Asked from cluster east: zone us-1a is ill in part, us-1b is all ill, eu-1 is far.
TestHost ratings() {
  return {.host = "ratings.mesh.internal",
          .tiers = {{0.7, {at("10.0.0.1", "east", "us-1a"), at("10.0.0.2", "east", "US-1C")}},
                    {0.3, {at("10.1.0.1", "west", "us-1a"), at("fd00::1", "west", "eu-1")}}},
          .left_out = {at("10.0.0.8", "east", "us-1a", view::Reason::unhealthy),
                       at("10.0.0.9", "east", "us-1b", view::Reason::unhealthy)},
          .degraded = true};
}

Asker asker() { return Asker(Mesh().add(ratings()).table()); }

// All that is ever answered.
Strings answers(Asker& asker, const std::string& name, std::uint16_t type = A) {
  std::set<std::string> all;
  for (int i = 0; i < 200; ++i)
    for (const auto& data : asker.ask({.name = name, .type = type}).data(type)) all.insert(data);
  return {all.begin(), all.end()};
}

}  // namespace

TEST_CASE("place labels are read from the end, whatever stands in front") {
  using Kind = dns::PlaceLabels::Kind;
  struct Row {
    const char* labels;
    Kind kind;
    const char *place, *front;
  };
  for (const Row& row : {
           Row{"\5_zone", Kind::between, "", ""},
           Row{"\3pin\5_zone", Kind::between, "", ""},
           Row{"\6prefer\10_cluster", Kind::between, "", ""},
           Row{"\1a\3pin\7_region", Kind::place, "a", ""},
           Row{"\4_tcp\1a\3pin\5_zone", Kind::place, "a", "\4_tcp"},
           Row{"\5_http\4_tcp\1a\3pin\5_zone", Kind::place, "a", "\5_http\4_tcp"},
           Row{"\1w\1x\1y\1z\1a\3pin\5_zone", Kind::place, "a", "\1w\1x\1y\1z"},
           Row{"\1a\4pins\5_zone", Kind::none, "", ""},
           Row{"\1a\3pin\6_zones", Kind::none, "", ""},
           Row{"\5_zone\1a", Kind::none, "", ""},
           Row{"", Kind::none, "", ""},
       }) {
    INFO(row.labels);
    const auto read = dns::read_place(base::as_span(row.labels));
    CHECK(read.kind == row.kind);
    CHECK(base::as_text(read.place) == row.place);
    CHECK(base::as_text(read.front) == row.front);
  }
}

TEST_CASE("pinned to a zone, region or cluster, only what is there is answered, nearest first") {
  auto asks = asker();
  CHECK(answers(asks, "us-1c.pin._zone.ratings.mesh.internal") == Strings{"10.0.0.2"});
  CHECK(answers(asks, "EU-1.pin._zone.ratings.mesh.internal", AAAA) == Strings{"fd00::1"});
  CHECK(answers(asks, "west.pin._cluster.ratings.mesh.internal") == Strings{"10.1.0.1"});
  // Half of ours in us-1a is ill, so some of its traffic goes to west's there: 0.7 and 0.3.
  CHECK(answers(asks, "us-1a.pin._zone.ratings.mesh.internal") == Strings{"10.0.0.1", "10.1.0.1"});
  CHECK(answers(asks, "us.pin._region.ratings.mesh.internal") ==
        answers(asks, "ratings.mesh.internal"));
}

TEST_CASE("pinned where nobody is, or nobody healthy, there is no data and the answer says so") {
  auto asks = asker();
  for (const char* name :
       {"us-1b.pin._zone.ratings.mesh.internal", "mars.pin._zone.ratings.mesh.internal",
        "us-1a.pin._region.ratings.mesh.internal"}) {
    for (const std::uint16_t type : {A, AAAA}) {
      INFO(name << " " << type);
      const auto answer = asks.ask({.name = name, .type = type, .edns = true});
      CHECK(answer.rcode == NOERROR);
      CHECK(answer.answer.empty());
      CHECK(answer.authority.size() == 1);
      CHECK(answer.opt->ede_text == "no endpoint: 6 left out, see _explain");
    }
  }
  // It may recover any moment; who is on no map is not to come soon.
  CHECK(asks.ask({.name = "us-1b.pin._zone.ratings.mesh.internal"}).authority[0].ttl == 1);
  CHECK(asks.ask({.name = "mars.pin._zone.ratings.mesh.internal"}).authority[0].ttl == 5);
}

TEST_CASE("where nothing is healthy anywhere, the pinned get what is there") {
  TestHost ill{.host = "ratings.mesh.internal", .tiers = {{1, {}}}, .fail_open = true};
  for (const auto* ip : {"10.0.0.1", "10.0.0.2"})
    ill.tiers[0].endpoints.push_back(at(ip, "east", ip, view::Reason::unhealthy));
  ill.tiers[0].endpoints[0].locality.zone = "us-1a";
  Asker asks(Mesh().add(ill).table());
  const auto answer = asks.ask({.name = "us-1a.pin._zone.ratings.mesh.internal", .edns = true});
  CHECK(answer.data(A) == Strings{"10.0.0.1"});
  CHECK(answer.opt->ede_text == "none of 1 endpoints is healthy: answering what there is");
}

TEST_CASE("a preferred place comes before the host's own tiers while it is healthy") {
  auto asks = asker();
  CHECK(answers(asks, "eu-1.prefer._zone.ratings.mesh.internal", AAAA) == Strings{"fd00::1"});
  CHECK(answers(asks, "us-1c.prefer._zone.ratings.mesh.internal") == Strings{"10.0.0.2"});
  const auto anyway = answers(asks, "ratings.mesh.internal");
  CHECK(answers(asks, "us-1b.prefer._zone.ratings.mesh.internal") == anyway);
  CHECK(answers(asks, "mars.prefer._zone.ratings.mesh.internal") == anyway);
}

TEST_CASE(
    "ports are asked for at a place, and the rest of the tiers are fall-backs where it is "
    "preferred") {
  auto asks = asker();
  const auto srv = [&](const std::string& place) {
    return sorted(asks.ask({.name = "_http._tcp." + place + ".ratings.mesh.internal", .type = SRV})
                      .data(SRV));
  };
  CHECK(srv("west.pin._cluster") == Strings{"0 1 9080 10-1-0-1.ratings.mesh.internal",
                                            "0 1 9080 fd00--1.ratings.mesh.internal"});
  CHECK(srv("us-1c.prefer._zone") == Strings{"0 1 9080 10-0-0-2.ratings.mesh.internal",
                                             "1 1 9080 10-0-0-1.ratings.mesh.internal",
                                             "2 1 9080 10-1-0-1.ratings.mesh.internal",
                                             "2 1 9080 fd00--1.ratings.mesh.internal"});
  CHECK(srv("mars.prefer._zone").size() == 4);
  CHECK(srv("mars.pin._zone").empty());
  const auto answer = asks.ask(
      {.name = "_http._tcp.mars.prefer._zone.ratings.mesh.internal", .type = SRV, .edns = true});
  CHECK(answer.additional.size() == 4);
  CHECK(answer.additional[0].owner.ends_with(".ratings.mesh.internal"));
}

TEST_CASE("names between a place and its host are empty non-terminals; others do not exist") {
  auto asks = asker();
  for (const char* labels : {"_zone", "pin._zone", "prefer._zone", "_region", "pin._cluster",
                             "_tcp.us-1a.pin._zone", "_tcp.mars.pin._zone"}) {
    INFO(labels);
    for (const std::uint16_t type : {A, SRV, TXT, ANY}) {
      const auto answer =
          asks.ask({.name = labels + std::string(".ratings.mesh.internal"), .type = type});
      CHECK(answer.rcode == NOERROR);
      CHECK(answer.answer.empty());
    }
  }
  for (const char* labels :
       {"us-1a._zone", "pins._zone", "us-1a.pins._zone", "us-1a.pin", "pin", "a.us-1a.pin._zone",
        "10-0-0-1.us-1a.pin._zone", "_tcp._tcp.us-1a.pin._zone", "_ftp._tcp.us-1a.pin._zone",
        "us-1a.pin._zone.us-1a.pin._zone", "us-1a.pin._zone.10-0-0-1", "us-1a.pin._zone._tcp"}) {
    INFO(labels);
    CHECK(asks.ask({.name = labels + std::string(".ratings.mesh.internal")}).rcode == NXDOMAIN);
  }
  CHECK(asks.ask({.name = "us-1a.pin._zone.mesh.internal"}).rcode == NXDOMAIN);
  CHECK(asks.ask({.name = "us-1a.pin._zone.ns.mesh.internal"}).rcode == NXDOMAIN);
}

TEST_CASE("before the first sync, nobody at a place is not ready, never no data") {
  Asker asks(Mesh().add(ratings()).unsynced().table());
  CHECK(asks.ask({.name = "mars.pin._zone.ratings.mesh.internal"}).rcode == SERVFAIL);
  CHECK(asks.ask({.name = "pin._zone.ratings.mesh.internal"}).rcode == SERVFAIL);
  CHECK(asks.ask({.name = "us-1c.pin._zone.ratings.mesh.internal"}).data(A) == Strings{"10.0.0.2"});
}

TEST_CASE("_explain at a place says who is there and that the rest is elsewhere") {
  auto asks = asker();
  const auto lines =
      asks.ask(
              {.name = "_explain.us-1c.pin._zone.ratings.mesh.internal", .type = TXT, .edns = true})
          .data(TXT);
  const auto says = [&](const char* line) { return std::ranges::count(lines, line) == 1; };
  CHECK(says("place: zone us-1c, nobody else"));
  CHECK(says("tier 0: 10.0.0.2 east us/US-1C"));
  CHECK(says("left out: 10.1.0.1 west us/us-1a: elsewhere"));
}

TEST_CASE("a headless host shows all that are at the place") {
  auto host = ratings();
  host.headless = true;
  Asker asks(Mesh().add(host).table());
  CHECK(sorted(asks.ask({.name = "us-1a.pin._zone.ratings.mesh.internal"}).data(A)) ==
        Strings{"10.0.0.1", "10.1.0.1"});
}

TEST_CASE("through the forwarder's door a place has no records, and the answer says why") {
  auto host = ratings();
  host.door = {view::Door::Kind::forwarder, "", {base::IpAddress::v4(0x7f000009)}};
  Asker asks(Mesh().add(host).table());
  for (const char* name : {"us-1a.pin._zone.ratings.mesh.internal",
                           "_http._tcp.us-1a.pin._zone.ratings.mesh.internal"}) {
    const auto answer = asks.ask({.name = name, .type = A, .edns = true});
    CHECK(answer.rcode == NOERROR);
    CHECK(answer.answer.empty());
    CHECK(answer.opt->ede_text == "the forwarder is the door and chooses: ask for the host itself");
  }
}

TEST_CASE("callers of each class have their own tiers at a place") {
  Mesh mesh;
  mesh.caller("10.9.0.1", "US-1C").add(ratings());
  Asker asks(mesh.table());
  const auto first = [&](const std::string& from) {
    return asks
        .ask({.name = "_http._tcp.east.pin._cluster.ratings.mesh.internal", .type = SRV},
             dns::Transport::udp, from)
        .data(SRV);
  };
  CHECK(sorted(first("10.9.0.1")) == Strings{"0 1 9080 10-0-0-2.ratings.mesh.internal",
                                             "1 1 9080 10-0-0-1.ratings.mesh.internal"});
  CHECK(sorted(first("127.0.0.1")) == Strings{"0 1 9080 10-0-0-1.ratings.mesh.internal",
                                              "0 1 9080 10-0-0-2.ratings.mesh.internal"});
}

TEST_CASE("what is kept of places is bounded by the mesh and given back with its hosts") {
  Mesh mesh;
  mesh.add(ratings());
  dns::TableBuilder builder;
  Asker asks(builder.build(mesh.resolution(), mesh.config));
  const auto before = asks.table->bytes();
  const auto ask = [&](const std::string& place, const char* how) {
    asks.ask({.name = place + "." + how + "._zone.ratings.mesh.internal"});
  };
  for (const auto* how : {"pin", "prefer"}) ask("us-1a", how), ask("mars", how);
  const auto kept = asks.table->bytes();
  CHECK(kept > before);
  for (int i = 0; i < 5000; ++i) ask("z" + std::to_string(i), i % 2 ? "pin" : "prefer");
  ask("US-1A", "pin");
  CHECK(asks.table->bytes() == kept);

  // The host is another one now; with the table before goes what was kept.
  mesh.add(ratings());
  asks.table = builder.build(mesh.resolution(), mesh.config);
  CHECK(asks.table->bytes() == before);
}

TEST_CASE("where there is no room for more, a place is answered all the same") {
  const auto name = dns::Name::parse("ratings.mesh.internal").value();
  const auto labels = base::as_span("\5us-1c\3pin\5_zone");
  view::View mesh;
  std::size_t most = 0;
  for (; most < 100'000; most += 64) {
    INFO(most);
    const auto fresh = Mesh().add(ratings()).table();  // with nothing kept
    const dns::Narrower narrower({}, most);
    const auto narrowed = narrower.narrow(*fresh->find(name).host, name, dns::read_place(labels),
                                          mesh, fresh->callers(), 0);
    REQUIRE(narrowed.host);
    CHECK(narrowed.host->bands(narrowed.host->answer(0)).size() == 1);
    CHECK(narrower.bytes() <= most);
    if (!narrowed.unkept) break;
  }
  CHECK(most > 500);
  CHECK(most < 5'000);
}

TEST_CASE("threads that ask for places at once get the same answers") {
  const auto table = Mesh().add(ratings()).table();
  std::atomic<int> wrong{0};
  const auto ask = [&](std::uint64_t seed) {
    base::Random random(seed);
    dns::Counters counters;
    for (int i = 0; i < 300; ++i) {
      const auto* zone = i % 3 == 0 ? "us-1a" : i % 3 == 1 ? "us-1c" : "mars";
      auto buffer = reading::make({.name = std::string(zone) + ".pin._zone.ratings.mesh.internal"});
      const auto size = buffer.size();
      buffer.resize(1232);
      buffer.resize(dns::answer(table.get(), {}, buffer, size, random, counters));
      const auto answer = reading::read(buffer.data(), buffer.size());
      if (!answer || answer->answer.size() != (i % 3 == 2 ? 0 : 1)) ++wrong;
    }
  };
  std::thread other(ask, 1), third(ask, 2);
  ask(3);
  other.join(), third.join();
  CHECK(wrong == 0);
}
