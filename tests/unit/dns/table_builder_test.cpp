// Tables made one after the other.
#include "dns/table_builder.hpp"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "base/published.hpp"
#include "tests/unit/dns/mesh.hpp"
#include "tests/unit/dns/numbers.hpp"

using namespace numbers;
using mesh::Asker;
using mesh::Mesh;
using mesh::TestHost;

namespace {

const dns::Host* host(const dns::Table& table, const std::string& name) {
  return table.find(dns::Name::parse(name).value()).host;
}

// A few hosts that get in each other's way: below one another, called like derived names, like a
// name server, outside the zones, among reverse names.
const std::vector<std::string> kHosts = {"ratings.mesh.internal",
                                         "10-0-0-1.ratings.mesh.internal",
                                         "b.ratings.mesh.internal",
                                         "x.b.ratings.mesh.internal",
                                         "a.svc.mesh.internal",
                                         "b.svc.mesh.internal",
                                         "c.deep.svc.mesh.internal",
                                         "ns.mesh.internal",
                                         "ns2.mesh.internal",
                                         "mesh.internal",
                                         "www.bank.example",
                                         "x.www.bank.example",
                                         "y.z.www.bank.example",
                                         "db.mesh.internal",
                                         "east.db.mesh.internal",
                                         "db-0.east.db.mesh.internal",
                                         "zone.ratings.mesh.internal",
                                         "q.zone.ratings.mesh.internal",
                                         "_http._tcp.b.svc.mesh.internal",
                                         "1.0.0.10.in-addr.arpa",
                                         "x.2.0.0.10.in-addr.arpa"};

TestHost random_host(const std::string& name, base::Random& random) {
  TestHost host{.host = name, .tiers = {}};
  for (auto tiers = random.below(3); tiers > 0; --tiers) {
    mesh::TestTier tier{host.tiers.empty() ? 1.0 : 0.0, {}};
    for (auto n = 1 + random.below(3); n > 0; --n) {
      const auto number = std::to_string(random.below(4));
      const bool west = random.chance(0.3);
      tier.endpoints.push_back({.ip = (random.chance(0.2) ? "fd00::" : "10.0.0.") + number,
                                .cluster = west ? "west" : "east",
                                .hostname = random.chance(0.5) ? "db-" + number : "",
                                .stale = west});
    }
    host.tiers.push_back(tier);
  }
  host.headless = random.chance(0.3);
  host.fail_open = random.chance(0.1);
  if (random.chance(0.2)) host.door.kind = mesh::view::Door::Kind::forwarder;
  if (random.chance(0.7)) host.door.addresses = {base::IpAddress::v4(0x7f000001)};
  return host;
}

std::vector<std::string> questions() {
  std::vector<std::string> names = {"internal", "svc.mesh.internal", "deep.svc.mesh.internal",
                                    "bank.example"};
  for (const auto& host : kHosts)
    for (const char* prefix : {"", "10-0-0-1.", "10-0-0-2.", "fd00--1.", "_http._tcp.",
                               "_9080._tcp.", "_tcp.", "_explain.", "db-0.east.", "db-1.west.",
                               "east.", "nope.", "x.y.z.", "ns.", "x.10-0-0-1."})
      names.push_back(prefix + host);
  for (const char* ip : {"10.0.0.1", "10.0.0.2", "fd00::1"})
    for (auto name = dns::reverse_name(base::IpAddress::parse(ip).value()); !name.is_root();
         name = name.parent())
      names.push_back(name.to_string());
  return names;
}

// All that two tables say, word for word, must be the same.
void check_same(std::unique_ptr<const dns::Table> one, std::unique_ptr<const dns::Table> other) {
  CHECK(one->problems() == other->problems());
  Asker a(std::move(one)), b(std::move(other));
  static const auto names = questions();
  for (const auto& name : names)
    for (const std::uint16_t type : {A, NS, SOA, PTR, TXT, AAAA, SRV, ANY}) {
      const auto query = reading::make({.name = name, .type = type, .edns = true});
      a.random = b.random = base::Random(7);
      if (a.send(query) == b.send(query)) continue;
      FAIL(name << " " << type);
    }
}

}  // namespace

TEST_CASE("a host whose destination is the same object is kept, others are made anew") {
  Mesh mesh;
  for (int i = 0; i < 50; ++i)
    mesh.add({.host = "h" + std::to_string(i) + ".mesh.internal", .tiers = {{1, {{"10.0.0.1"}}}}});
  dns::TableBuilder builder;
  const auto first = builder.build(mesh.resolution(), mesh.config);
  mesh.add({.host = "h7.mesh.internal", .tiers = {{1, {{"10.0.0.2"}}}}});
  mesh.add(TestHost{.host = "new.mesh.internal", .tiers = {}}).remove("h9.mesh.internal");
  const auto second = builder.build(mesh.resolution(), mesh.config);
  for (int i = 0; i < 50; ++i) {
    const auto name = "h" + std::to_string(i) + ".mesh.internal";
    INFO(name);
    CHECK((host(*first, name) == host(*second, name)) == (i != 7 && i != 9));
  }
  CHECK(host(*first, "new.mesh.internal") == nullptr);
  CHECK(host(*second, "new.mesh.internal") != nullptr);
  CHECK(host(*second, "h9.mesh.internal") == nullptr);

  mesh.config.ttl = std::chrono::seconds(9);
  Asker third(builder.build(mesh.resolution(), mesh.config));
  CHECK(third.ask({.name = "h1.mesh.internal"}).answer.at(0).ttl == 9);
}

TEST_CASE("before and after the first sync hosts are the same objects and answer otherwise") {
  Mesh mesh;
  mesh.add(TestHost{.host = "elsewhere.mesh.internal", .tiers = {}});
  dns::TableBuilder builder;
  Asker early(builder.build(mesh.unsynced().resolution(), mesh.config));
  Asker later(builder.build(mesh.synced().resolution(), mesh.config));
  CHECK(host(*early.table, "elsewhere.mesh.internal") ==
        host(*later.table, "elsewhere.mesh.internal"));
  CHECK(early.ask({.name = "elsewhere.mesh.internal"}).rcode == SERVFAIL);
  CHECK(later.ask({.name = "elsewhere.mesh.internal"}).rcode == NOERROR);
}

TEST_CASE("names that only led to a host go with it") {
  Mesh mesh;
  mesh.add({.host = "a.one.svc.mesh.internal", .tiers = {{1, {{"10.0.0.1"}}}}});
  mesh.add({.host = "b.svc.mesh.internal", .tiers = {{1, {{"10.0.0.1"}}}}});
  dns::TableBuilder builder;
  builder.build(mesh.resolution(), mesh.config);
  Asker without(builder.build(mesh.remove("a.one.svc.mesh.internal").resolution(), mesh.config));
  CHECK(without.ask({.name = "one.svc.mesh.internal"}).rcode == NXDOMAIN);
  CHECK(without.ask({.name = "svc.mesh.internal"}).rcode == NOERROR);
  Asker empty(builder.build(mesh.remove("b.svc.mesh.internal").resolution(), mesh.config));
  CHECK(empty.ask({.name = "svc.mesh.internal"}).rcode == NXDOMAIN);
  CHECK(empty.ask({.name = "mesh.internal"}).rcode == NOERROR);
}

TEST_CASE("a table made from the one before says what one made anew says, whatever has changed") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    INFO("seed " << seed);
    base::Random random(seed);
    Mesh mesh;
    mesh.config.zones = {"mesh.internal", "zone.ratings.mesh.internal"};
    if (seed % 2) mesh.caller("127.0.0.1", "zone-b");
    if (seed % 4 < 2)
      mesh.config.zones.insert(mesh.config.zones.end(), {"10.in-addr.arpa", "arpa"});
    dns::TableBuilder builder;
    for (int round = 0; round < 25; ++round) {
      for (auto changes = random.below(4); changes > 0; --changes) {
        const auto& name = kHosts[random.below(kHosts.size())];
        if (random.chance(0.35))
          mesh.remove(name);
        else
          mesh.add(std::vector{random_host(name, random), random_host(name, random)});
      }
      random.chance(0.2) ? mesh.unsynced() : mesh.synced();
      check_same(builder.build(mesh.resolution(), mesh.config), mesh.table());
    }
  }
}

TEST_CASE("a table is read while those after it are made") {
  Mesh mesh;
  const auto name = [](std::uint64_t n) { return "h" + std::to_string(n) + ".mesh.internal"; };
  for (std::uint64_t n = 0; n < 200; ++n)
    mesh.add({.host = name(n), .tiers = {{1, {{"10.0.0.1"}}}}});
  dns::TableBuilder builder;
  base::Published<dns::Table> tables(builder.build(mesh.resolution(), mesh.config));
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::thread reader([&] {
    base::Published<dns::Table>::Reader snapshot(tables);
    base::Random random(1);
    dns::Counters counters;
    while (!stop) {
      auto buffer = reading::make({.name = name(random.below(200))});
      const auto size = buffer.size();
      buffer.resize(1232);
      buffer.resize(dns::answer(snapshot.acquire(), {}, buffer, size, random, counters));
      const auto answer = reading::read(buffer.data(), buffer.size());
      if (!answer || answer->answer.size() != 1) ++wrong;
      snapshot.park();
    }
  });
  base::Random random(2);
  for (int i = 0; i < 300; ++i) {
    mesh.add({.host = name(random.below(200)), .tiers = {{1, {{"10.0.0.2"}}}}});
    mesh.remove("extra.mesh.internal");
    if (i % 3 == 0) mesh.add(TestHost{.host = "extra.mesh.internal", .tiers = {}});
    tables.publish(builder.build(mesh.resolution(), mesh.config));
  }
  stop = true;
  reader.join();
  CHECK(wrong == 0);
}
