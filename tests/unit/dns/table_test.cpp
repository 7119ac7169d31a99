// What a resolution means in DNS: names, tiers, doors, classes of callers.
#include "dns/table.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/unit/dns/mesh.hpp"
#include "tests/unit/dns/numbers.hpp"

using namespace numbers;
using mesh::Asker;
using mesh::Mesh;
using mesh::TestHost;
using reading::Ask;
using Strings = std::vector<std::string>;

namespace {

Strings sorted(Strings all) {
  std::sort(all.begin(), all.end());
  return all;
}

TestHost with_addresses(const std::string& prefix, int count) {
  TestHost host{.host = "many.mesh.internal", .tiers = {{1, {}}}};
  for (int i = 0; i < count; ++i)
    host.tiers[0].endpoints.push_back(
        {prefix + std::to_string(i / 250) + "." + std::to_string(i % 250)});
  return host;
}

}  // namespace

TEST_CASE("an answer holds the best tier's members, shuffled") {
  Asker asker(mesh::bookinfo().table());
  std::set<Strings> orders;
  for (int i = 0; i < 200; ++i) {
    const auto answer = asker.ask({}).data(A);
    CHECK(sorted(answer) == Strings{"10.0.0.1", "10.0.0.2", "10.0.0.3"});
    orders.insert(answer);
  }
  CHECK(orders.size() == 6);
}

TEST_CASE("an answer holds one tier, drawn as often as its share says") {
  Mesh mesh;
  mesh.add(
      {.host = "ratings.mesh.internal",
       .tiers = {
           {0.7, {{"10.0.0.1"}, {"10.0.0.2"}}}, {0.2, {{"10.1.0.1"}}}, {0.1, {{"10.2.0.1"}}}}});
  Asker asker(mesh.table());
  std::map<Strings, int> drawn;
  for (int i = 0; i < 10000; ++i) ++drawn[sorted(asker.ask({}).data(A))];
  REQUIRE(drawn.size() == 3);
  CHECK(drawn[{"10.0.0.1", "10.0.0.2"}] == Approx(7000).epsilon(0.03));
  CHECK(drawn[{"10.1.0.1"}] == Approx(2000).epsilon(0.06));
  CHECK(drawn[{"10.2.0.1"}] == Approx(1000).epsilon(0.1));
}

TEST_CASE("a tier without a share is never drawn, also where shares fall short of 1") {
  Mesh mesh;
  mesh.add(
      {.host = "ratings.mesh.internal", .tiers = {{0.9, {{"10.0.0.1"}}}, {0, {{"10.1.0.1"}}}}});
  Asker asker(mesh.table());
  for (int i = 0; i < 200; ++i) REQUIRE(asker.ask({}).data(A) == Strings{"10.0.0.1"});
}

TEST_CASE("an endpoint comes first as often as its weight says") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal",
            .tiers = {{1, {{.ip = "10.0.0.1", .weight = 9}, {"10.0.0.2"}}}}});
  Asker asker(mesh.table());
  int first = 0;
  for (int i = 0; i < 2000; ++i) first += asker.ask({}).data(A).at(0) == "10.0.0.1" ? 1 : 0;
  CHECK(first == Approx(1800).epsilon(0.05));
}

TEST_CASE(
    "at most max_answers members are answered, every one in its turn, and 8 fit the smallest "
    "client") {
  Mesh mesh;
  mesh.add(with_addresses("10.0.", 300));
  Asker asker(mesh.table());
  std::map<std::string, int> seen;
  for (int i = 0; i < 3000; ++i) {
    const auto answer = asker.ask({.name = "many.mesh.internal"}).data(A);
    REQUIRE(std::set<std::string>(answer.begin(), answer.end()).size() == 8);
    for (const auto& ip : answer) ++seen[ip];
  }
  CHECK(seen.size() == 300);
  for (const auto& [ip, count] : seen) CHECK(count == Approx(80).epsilon(0.5));
}

TEST_CASE("max_answers 0 answers all that fit") {
  Mesh mesh;
  mesh.config.max_answers = 0;
  mesh.add(with_addresses("10.0.", 40));
  Asker asker(mesh.table());
  CHECK(asker.ask({.name = "many.mesh.internal", .edns = true}).answer.size() == 40);
}

TEST_CASE("a tier is drawn over endpoints and then rendered for the family asked") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal",
            .tiers = {{1, {{"10.0.0.1"}, {"fd00::1"}}}, {0, {{"10.1.0.1"}, {"fd00::2"}}}}});
  Asker asker(mesh.table());
  CHECK(asker.ask({}).data(A) == Strings{"10.0.0.1"});
  CHECK(asker.ask({.type = AAAA}).data(AAAA) == Strings{"fd00::1"});

  mesh.add(
      {.host = "ratings.mesh.internal", .tiers = {{0.5, {{"10.0.0.1"}}}, {0.5, {{"fd00::2"}}}}});
  Asker mixed(mesh.table());
  for (int i = 0; i < 100; ++i) {  // never neither of the two
    CHECK(mixed.ask({}).data(A) == Strings{"10.0.0.1"});
    CHECK(mixed.ask({.type = AAAA}).data(AAAA) == Strings{"fd00::2"});
  }

  mesh.add({.host = "ratings.mesh.internal", .tiers = {{1, {{"10.0.0.1"}}}, {0, {{"fd00::2"}}}}});
  Asker best(mesh.table());
  CHECK(best.ask({.type = AAAA}).answer.empty());
}

TEST_CASE("an endpoint that two services share is answered once") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal", .tiers = {{1, {{"10.0.0.1"}, {"10.0.0.1", "west"}}}}});
  Asker asker(mesh.table());
  CHECK(asker.ask({}).answer.size() == 1);
  CHECK(asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV}).answer.size() == 1);
}

TEST_CASE(
    "SRV carries the tiers as priorities, weights and ports, under name, protocol and number") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal",
            .tiers = {{1, {{.ip = "10.0.0.1", .weight = 3}}}, {0, {{"fd00::1", "west"}}}},
            .ports = {{9080, "web", "HTTP", {}, 0}, {9090, "", "TCP", {}, 0}}});
  Asker asker(mesh.table());
  const Strings targets{"0 3 9080 10-0-0-1.ratings.mesh.internal",
                        "1 1 9080 fd00--1.ratings.mesh.internal"};
  for (const char* name : {"_web._tcp.ratings.mesh.internal", "_9080._tcp.ratings.mesh.internal"}) {
    const auto answer = asker.ask({.name = name, .type = SRV});
    CHECK(answer.data(SRV) == targets);
    CHECK(answer.additional.size() == 2);
  }
  CHECK(asker.ask({.name = "_tcp._tcp.ratings.mesh.internal", .type = SRV}).answer.size() == 2);
  CHECK(asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV}).rcode == NXDOMAIN);
  CHECK(asker.ask({.name = "fd00--1.ratings.mesh.internal", .type = AAAA}).data(AAAA) ==
        Strings{"fd00::1"});
}

TEST_CASE("ports without a name are asked for by protocol; two of one protocol are one RRset") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal",
            .tiers = {{1, {{"10.0.0.1"}}}},
            .ports = {{9080, "", "HTTP", {}, 0}, {9081, "", "HTTP", {}, 0}}});
  Asker asker(mesh.table());
  const auto answer = asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV});
  CHECK(sorted(answer.data(SRV)) == Strings{"0 1 9080 10-0-0-1.ratings.mesh.internal",
                                            "0 1 9081 10-0-0-1.ratings.mesh.internal"});
  CHECK(answer.additional.size() == 1);  // one target, its address once
}

TEST_CASE(
    "an SRV answer leads with the tier drawn; tiers passed over stay as fall-backs behind the "
    "others") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal",
            .tiers = {{0.5, {{"10.0.0.1"}}}, {0.5, {{"10.1.0.1"}}}, {0, {{"10.2.0.1"}}}}});
  Asker asker(mesh.table());
  std::map<Strings, int> drawn;
  for (int i = 0; i < 1000; ++i)
    ++drawn[asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV}).data(SRV)];
  CHECK(drawn.size() == 2);
  CHECK(drawn[{"0 1 9080 10-0-0-1.ratings.mesh.internal", "1 1 9080 10-1-0-1.ratings.mesh.internal",
               "2 1 9080 10-2-0-1.ratings.mesh.internal"}] == Approx(500).epsilon(0.15));
  CHECK(drawn[{"1 1 9080 10-1-0-1.ratings.mesh.internal", "2 1 9080 10-2-0-1.ratings.mesh.internal",
               "3 1 9080 10-0-0-1.ratings.mesh.internal"}] == Approx(500).epsilon(0.15));
}

TEST_CASE("a large best tier leaves room for fall-backs in an SRV answer") {
  Mesh mesh;
  TestHost host{.host = "ratings.mesh.internal", .tiers = {{1, {}}, {0, {}}, {0, {{"10.2.0.1"}}}}};
  for (int i = 0; i < 20; ++i) {
    host.tiers[0].endpoints.push_back({"10.0.0." + std::to_string(i)});
    host.tiers[1].endpoints.push_back({"10.1.0." + std::to_string(i)});
  }
  Asker asker(mesh.add(host).table());
  std::map<char, int> by_priority;
  for (const auto& srv :
       asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV, .edns = true}).data(SRV))
    ++by_priority[srv[0]];
  CHECK(by_priority == std::map<char, int>{{'0', 5}, {'1', 2}, {'2', 1}});
}

TEST_CASE("through the forwarder's door A, AAAA and SRV lead to the forwarder") {
  Mesh mesh;
  TestHost host{.host = "ratings.mesh.internal", .tiers = {{1, {{"10.0.0.1"}}}}, .degraded = true};
  host.door = {
      mesh::view::Door::Kind::forwarder,
      "RouteTable bookinfo/ratings names the host",
      {base::IpAddress::parse("127.0.0.9").value(), base::IpAddress::parse("::1").value()}};
  Asker asker(mesh.add(host).table());
  const auto answer = asker.ask({});
  CHECK(answer.data(A) == Strings{"127.0.0.9"});
  CHECK(answer.answer[0].ttl == 5);  // the forwarder does not move with the endpoints
  CHECK(asker.ask({.type = AAAA}).data(AAAA) == Strings{"::1"});
  const auto srv = asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV});
  CHECK(srv.data(SRV) == Strings{"0 1 9080 ratings.mesh.internal"});
  CHECK(srv.additional.size() == 2);
  CHECK(asker.ask({.name = "10-0-0-1.ratings.mesh.internal"}).rcode == NXDOMAIN);

  host.door.addresses.clear();
  Asker closed(mesh.add(host).table());
  const auto failed = closed.ask({.edns = true});
  CHECK(failed.rcode == SERVFAIL);
  CHECK(failed.opt->ede == 14);
  CHECK(closed.ask({.type = AAAA}).rcode == SERVFAIL);
  const auto no_target =
      closed.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV, .edns = true});
  CHECK(no_target.rcode == SERVFAIL);
  CHECK(no_target.opt->ede == 14);
}

TEST_CASE("before the first sync a known host without endpoints is not empty but not ready") {
  Mesh mesh;
  mesh.add(TestHost{.host = "elsewhere.mesh.internal", .tiers = {}});
  mesh.add({.host = "here.mesh.internal", .tiers = {{1, {{"10.0.0.1"}}}}});
  const std::pair<const char*, Type> questions[] = {{"elsewhere.mesh.internal", A},
                                                    {"elsewhere.mesh.internal", AAAA},
                                                    {"_http._tcp.elsewhere.mesh.internal", SRV},
                                                    {"_9080._tcp.elsewhere.mesh.internal", SRV}};
  Asker early(mesh.unsynced().table());
  for (const auto& [name, type] : questions) {
    INFO(name << " " << type);
    const auto answer = early.ask({.name = name, .type = type, .edns = true});
    CHECK(answer.rcode == SERVFAIL);
    CHECK(answer.opt->ede == 14);
    CHECK(answer.authority.empty());
  }
  CHECK(early.ask({.name = "elsewhere.mesh.internal", .type = TXT}).rcode == NOERROR);
  CHECK(early.ask({.name = "_explain.elsewhere.mesh.internal", .type = TXT}).answer.size() > 0);
  CHECK(early.ask({.name = "here.mesh.internal"}).data(A) == Strings{"10.0.0.1"});
  CHECK(early.ask({.name = "here.mesh.internal", .type = AAAA}).rcode == NOERROR);
  CHECK(early.ask({.name = "_http._tcp.here.mesh.internal", .type = SRV}).answer.size() == 1);

  Asker later(mesh.synced().table());
  for (const auto& [name, type] : questions)
    CHECK(later.ask({.name = name, .type = type}).rcode == NOERROR);
}

TEST_CASE("a headless host answers every ready endpoint without a cap, and each by its name") {
  Mesh mesh;
  TestHost host{.host = "db.mesh.internal",
                .tiers = {{1, {}}, {0, {{"10.1.0.1", "west", "db-0"}}}},
                .headless = true};
  for (int i = 0; i < 20; ++i)
    host.tiers[0].endpoints.push_back(
        {"10.0.0." + std::to_string(i), "east", "db-" + std::to_string(i)});
  host.left_out.push_back(
      {.ip = "10.0.0.99", .hostname = "db-99", .reason = mesh::view::Reason::unhealthy});
  Asker asker(mesh.add(host).table());
  CHECK(asker.ask({.name = "db.mesh.internal", .edns = true}).answer.size() == 21);
  CHECK(asker.ask({.name = "db-0.east.db.mesh.internal"}).data(A) == Strings{"10.0.0.0"});
  CHECK(asker.ask({.name = "db-0.west.db.mesh.internal"}).data(A) == Strings{"10.1.0.1"});
  CHECK(asker.ask({.name = "east.db.mesh.internal"}).rcode == NOERROR);
  CHECK(asker.ask({.name = "db-99.east.db.mesh.internal"}).rcode == NOERROR);
  CHECK(asker.ask({.name = "db-99.east.db.mesh.internal"}).answer.empty());
  CHECK(asker.ask({.name = "db-77.east.db.mesh.internal"}).rcode == NXDOMAIN);
  const auto srv =
      asker.ask({.name = "_http._tcp.db.mesh.internal", .type = SRV}, dns::Transport::tcp)
          .data(SRV);
  CHECK(srv.size() == 21);
  CHECK(srv.back() == "1 1 9080 db-0.west.db.mesh.internal");
}

TEST_CASE("when nothing is healthy all are answered, for a second, saying so") {
  Mesh mesh;
  using mesh::view::Reason;
  mesh.add({.host = "ratings.mesh.internal",
            .tiers = {{1, {{.ip = "10.0.0.1", .reason = Reason::unhealthy}}},
                      {0, {{.ip = "10.1.0.1", .reason = Reason::path_failed}}}},
            .fail_open = true});
  Asker asker(mesh.table());
  const auto answer = asker.ask({.edns = true});
  CHECK(sorted(answer.data(A)) == Strings{"10.0.0.1", "10.1.0.1"});
  CHECK(answer.answer[0].ttl == 1);
  CHECK(answer.opt->ede == 0);
  CHECK(answer.opt->ede_text == "none of 2 endpoints is healthy: answering what there is");
  CHECK(asker.counters.fail_open.get() == 1);

  const auto srv =
      asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV, .edns = true});
  CHECK(srv.answer.size() == 2);
  CHECK(srv.answer.at(0).ttl == 1);
  CHECK(srv.opt->ede_text == answer.opt->ede_text);
  CHECK(asker.counters.fail_open.get() == 2);
}

TEST_CASE("degraded answers live for a second") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal", .tiers = {{1, {{"10.0.0.1"}}}}, .degraded = true});
  Asker asker(mesh.table());
  CHECK(asker.ask({}).answer.at(0).ttl == 1);
  CHECK(asker.ask({.type = AAAA}).authority.at(0).ttl == 1);
}

TEST_CASE("an answer with an endpoint of a silent cluster says that it is stale") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal",
            .tiers = {{0.5, {{"10.0.0.1"}}},
                      {0.5, {{.ip = "10.1.0.1", .cluster = "west", .stale = true}}}},
            .degraded = true});
  Asker asker(mesh.table());
  for (int i = 0; i < 20; ++i) {
    const auto answer = asker.ask({.edns = true});
    const bool west = answer.data(A) == Strings{"10.1.0.1"};
    CHECK(answer.opt->ede.has_value() == west);
    if (west) CHECK(answer.opt->ede == 3);
    if (west) CHECK(answer.opt->ede_text == "cluster west is silent");
  }
  CHECK(asker.counters.stale.get() > 0);
}

TEST_CASE("an SRV answer is stale wherever one of its tiers is, for it holds them all") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal",
            .tiers = {{1, {{"10.0.0.1"}}},
                      {0, {{.ip = "10.1.0.1", .cluster = "west", .stale = true}}}}});
  Asker asker(mesh.table());
  CHECK_FALSE(asker.ask({.edns = true}).opt->ede);
  CHECK(asker.counters.stale.get() == 0);
  const auto srv =
      asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV, .edns = true});
  CHECK(srv.opt->ede == 3);
  CHECK(srv.opt->ede_text == "cluster west is silent");
  CHECK(asker.counters.stale.get() == 1);
}

TEST_CASE("a port that the forwarder does not speak has no SRV target, and the answer says why") {
  Mesh mesh;
  TestHost host{.host = "web.mesh.internal",
                .tiers = {{1, {{"10.0.0.1"}}}},
                .ports = {{80, "http", "HTTP", {}, 0}, {5432, "db", "TCP", {}, 0}}};
  host.door = {
      mesh::view::Door::Kind::forwarder, "", {base::IpAddress::parse("127.0.0.9").value()}};
  mesh.add(host);
  for (const bool synced : {false, true}) {
    Asker asker((synced ? mesh.synced() : mesh.unsynced()).table());
    const auto dead = asker.ask({.name = "_db._tcp.web.mesh.internal", .type = SRV, .edns = true});
    CHECK(dead.rcode == NOERROR);
    CHECK(dead.answer.empty());
    CHECK(dead.authority.size() == 1);
    CHECK(dead.opt->ede_text ==
          "port 5432 is not served: the forwarder is the door and speaks HTTP/1.1 only");
    CHECK(asker.ask({.name = "_http._tcp.web.mesh.internal", .type = SRV}).answer.size() == 1);
  }
}

TEST_CASE("a known host without any endpoint is NODATA, never NXDOMAIN") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal",
            .tiers = {},
            .left_out = {{.ip = "10.0.0.1", .reason = mesh::view::Reason::draining}},
            .degraded = true});
  Asker asker(mesh.table());
  const auto answer = asker.ask({.edns = true});
  CHECK(answer.rcode == NOERROR);
  CHECK(answer.answer.empty());
  CHECK(answer.authority.at(0).ttl == 1);
  CHECK(answer.opt->ede_text == "no endpoint: 1 left out, see _explain");
  const auto srv =
      asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV, .edns = true});
  CHECK(srv.rcode == NOERROR);
  CHECK(srv.opt->ede_text == answer.opt->ede_text);
}

TEST_CASE("callers are answered by their class") {
  Mesh mesh;
  mesh.caller("10.9.0.1", "zone-b").caller("10.9.0.2", "zone-c");
  const TestHost own{.host = "ratings.mesh.internal",
                     .tiers = {{1, {{"10.0.0.1"}}}, {0, {{"10.1.0.1"}}}}};
  const TestHost other{.host = "ratings.mesh.internal",
                       .tiers = {{1, {{"10.1.0.1"}}}, {0, {{"10.0.0.1"}}}}};
  Asker asker(mesh.add({own, other, own}).table());
  const auto from = [&](const std::string& ip) {
    return asker.ask({}, dns::Transport::udp, ip).data(A);
  };
  CHECK(from("127.0.0.1") == Strings{"10.0.0.1"});
  CHECK(from("10.9.0.1") == Strings{"10.1.0.1"});
  CHECK(from("10.9.0.2") == Strings{"10.0.0.1"});
  CHECK(from("10.200.0.1") == Strings{"10.0.0.1"});
  CHECK(asker
            .ask({.name = "_explain.ratings.mesh.internal", .type = TXT}, dns::Transport::udp,
                 "10.9.0.1")
            .data(TXT)
            .at(2) == "caller: cluster east, us/zone-b");
}

TEST_CASE("a host outside the zones is its own apex; nothing above it is ours") {
  Mesh mesh;
  mesh.add({.host = "www.bank.example", .tiers = {{1, {{"10.0.0.1"}}}}});
  Asker asker(mesh.table());
  CHECK(asker.ask({.name = "www.bank.example"}).data(A) == Strings{"10.0.0.1"});
  CHECK(asker.ask({.name = "www.bank.example", .type = 6}).answer.size() == 1);
  CHECK(asker.ask({.name = "x.www.bank.example"}).rcode == NXDOMAIN);
  CHECK(asker.ask({.name = "x.www.bank.example"}).authority.at(0).owner == "www.bank.example");
  CHECK(asker.ask({.name = "bank.example"}).rcode == REFUSED);
  CHECK(asker.ask({.name = "www2.bank.example"}).rcode == REFUSED);
}

TEST_CASE("zones may lie inside one another") {
  Mesh mesh;
  mesh.config.zones = {"east.mesh.internal", "mesh.internal"};
  mesh.add({.host = "a.east.mesh.internal", .tiers = {{1, {{"10.0.0.1"}}}}});
  mesh.add({.host = "b.mesh.internal", .tiers = {{1, {{"10.0.0.2"}}}}});
  Asker asker(mesh.table());
  CHECK(asker.ask({.name = "x.east.mesh.internal"}).authority.at(0).owner == "east.mesh.internal");
  CHECK(asker.ask({.name = "x.mesh.internal"}).authority.at(0).owner == "mesh.internal");
  CHECK(asker.ask({.name = "a.east.mesh.internal"}).answer.size() == 1);
  CHECK(asker.ask({.name = "b.mesh.internal"}).answer.size() == 1);
}

TEST_CASE("a host that is defined wins over a name derived from another, and the table says so") {
  Mesh mesh = mesh::bookinfo();
  mesh.add({.host = "10-0-0-1.ratings.mesh.internal", .tiers = {{1, {{"10.7.7.7"}}}}});
  auto table = mesh.table();
  REQUIRE(table->problems().size() == 1);
  CHECK(table->problems()[0] ==
        "10-0-0-1.ratings.mesh.internal is a host of its own, not an endpoint or port of "
        "ratings.mesh.internal");
  Asker asker(std::move(table));
  CHECK(asker.ask({.name = "10-0-0-1.ratings.mesh.internal"}).data(A) == Strings{"10.7.7.7"});
}

TEST_CASE("what cannot be a name is a problem of the table, not a crash") {
  Mesh mesh;
  mesh.config.zones.push_back("bad..zone");
  mesh.config.hostmaster = "ops@" + std::string(70, 'x');
  mesh.add({.host = std::string(64, 'a') + ".mesh.internal", .tiers = {}});
  mesh.add({.host = std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') +
                    "." + std::string(45, 'd') + ".mesh.internal",
            .tiers = {{1, {{"10.0.0.1"}}}}});
  const auto table = mesh.table();
  CHECK(table->problems().size() == 3);
}

TEST_CASE("the hostmaster is a label of the apex or a mailbox") {
  Mesh mesh;
  mesh.config.hostmaster = "john.doe@example.com";
  Asker asker(mesh.table());
  CHECK(asker.ask({.name = "mesh.internal", .type = 6})
            .answer.at(0)
            .data.starts_with("ns.mesh.internal john.doe.example.com 7 "));
}

TEST_CASE("_explain says tiers, shares, health, door and why the rest is left out") {
  Asker asker(mesh::bookinfo().table());
  CHECK(
      asker.ask({.name = "_explain.ratings.mesh.internal", .type = TXT, .edns = true}).data(TXT) ==
      Strings{"VirtualDestination east/bookinfo/ratings; view 7", "door: endpoints",
              "caller: cluster east", "healthy: 5 of 6", "tier 0 tier: share 100 %, endpoints 3",
              "tier 1 tier: share 0 %, endpoints 2", "tier 0: 10.0.0.1 east",
              "tier 0: 10.0.0.2 east", "tier 0: 10.0.0.3 east", "tier 1: 10.1.0.1 west",
              "tier 1: 10.1.0.2 west", "left out: 10.0.0.9 east: unhealthy"});
}

TEST_CASE("a long explanation is cut to what a UDP answer holds, and says so") {
  Mesh mesh;
  mesh.add(with_addresses("10.0.", 100));
  Asker asker(mesh.table());
  const auto answer = asker.ask({.name = "_explain.many.mesh.internal", .type = TXT, .edns = true});
  CHECK_FALSE(answer.tc());
  CHECK(answer.data(TXT).back() == "… more: nearmost explain");
}

TEST_CASE("equal answers of different classes are stored once") {
  Mesh mesh;
  mesh.caller("10.9.0.1", "zone-b").caller("10.9.0.2", "zone-c");
  const TestHost own{.host = "ratings.mesh.internal", .tiers = {{1, {{"10.0.0.1"}}}}};
  const TestHost other{.host = "ratings.mesh.internal", .tiers = {{1, {{"10.1.0.1"}}}}};
  const auto table = mesh.add({own, other, own}).table();
  const auto wire = reading::wire_name("ratings.mesh.internal");
  const auto found = table->find(*dns::Name::read(wire));
  REQUIRE(found.host);
  CHECK(&found.host->answer(0) == &found.host->answer(2));
  CHECK(&found.host->answer(0) != &found.host->answer(1));
}

TEST_CASE("explain does not speak of answers where there is nothing to answer") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal", .tiers = {}, .fail_open = true});
  Asker asker(mesh.table());
  CHECK(asker.ask({.name = "_explain.ratings.mesh.internal", .type = TXT}).data(TXT).at(3) ==
        "healthy: 0 of 0, no endpoint");
}
