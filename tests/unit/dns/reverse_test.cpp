// dns.md §3 row 34: addresses of endpoints by their reverse names, where a reverse zone is ours.
#include "dns/reverse.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/dns/mesh.hpp"

using mesh::Asker;
using mesh::Mesh;

namespace {

constexpr std::uint16_t A = 1, SOA = 6, PTR = 12, ANY = 255;
constexpr std::uint16_t NOERROR = 0, SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5;
using Names = std::vector<std::string>;

Mesh owner() {
  auto mesh = mesh::bookinfo();
  mesh.config.zones = {"mesh.internal", "10.in-addr.arpa", "d.f.ip6.arpa"};
  return mesh;
}

Names pointed_at(Asker& asker, const std::string& name) {
  auto names = asker.ask({.name = name, .type = PTR}, dns::Transport::tcp).data(PTR);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("an address has one reverse name") {
  const auto name = [](const char* ip) {
    return dns::reverse_name(base::IpAddress::parse(ip).value()).to_string();
  };
  CHECK(name("10.2.3.4") == "4.3.2.10.in-addr.arpa");
  CHECK(name("0.0.0.255") == "255.0.0.0.in-addr.arpa");
  CHECK(name("2001:db8::567:89ab") ==
        "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST_CASE("row 34: an endpoint's address points at its name, in whichever tier it is") {
  Asker asker(owner().table());
  CHECK(pointed_at(asker, "1.0.0.10.in-addr.arpa") == Names{"10-0-0-1.ratings.mesh.internal"});
  CHECK(pointed_at(asker, "2.0.1.10.IN-ADDR.arpa") == Names{"10-1-0-2.ratings.mesh.internal"});
  const auto answer = asker.ask({.name = "1.0.0.10.in-addr.arpa", .type = PTR});
  CHECK(answer.aa());
  CHECK(answer.answer.at(0).owner == "1.0.0.10.in-addr.arpa");
  CHECK(answer.answer[0].ttl == 5);
  CHECK(asker.ask({.name = answer.answer[0].data}).data(A) == Names{"10.0.0.1"});
}

TEST_CASE("row 34: what is beside and above addresses is as in any other zone") {
  Asker asker(owner().table());
  const auto absent = asker.ask({.name = "9.0.0.10.in-addr.arpa", .type = PTR});  // is left out
  CHECK(absent.rcode == NXDOMAIN);
  CHECK(absent.authority.at(0).owner == "10.in-addr.arpa");
  CHECK(asker.ask({.name = "x.1.0.0.10.in-addr.arpa", .type = PTR}).rcode == NXDOMAIN);
  CHECK(asker.ask({.name = "_explain.1.0.0.10.in-addr.arpa", .type = 16}).rcode == NXDOMAIN);
  for (const char* name : {"0.0.10.in-addr.arpa", "1.10.in-addr.arpa", "10.in-addr.arpa"}) {
    const auto between = asker.ask({.name = name, .type = PTR});
    CHECK(between.rcode == NOERROR);
    CHECK(between.authority.at(0).type == SOA);
  }
  const auto address = asker.ask({.name = "1.0.0.10.in-addr.arpa"});
  CHECK(address.rcode == NOERROR);
  CHECK(address.answer.empty());
  CHECK(asker.ask({.name = "1.0.0.10.in-addr.arpa", .type = ANY}).answer.size() == 1);
  CHECK(asker.ask({.name = "10.in-addr.arpa", .type = SOA}).answer.size() == 1);
}

TEST_CASE("row 34: without the zone reverse names are others'") {
  Asker asker(mesh::bookinfo().table());
  CHECK(asker.ask({.name = "1.0.0.10.in-addr.arpa", .type = PTR}).rcode == REFUSED);
  auto part = mesh::bookinfo();
  part.config.zones.push_back("0.0.10.in-addr.arpa");
  Asker some(part.table());
  CHECK(pointed_at(some, "1.0.0.10.in-addr.arpa").size() == 1);
  CHECK(some.ask({.name = "1.0.1.10.in-addr.arpa", .type = PTR}).rcode == REFUSED);
}

TEST_CASE("row 34: an address of several hosts points at all its names, and at a pod's") {
  auto mesh = owner();
  mesh.add({.host = "reviews.mesh.internal", .tiers = {{1, {{"10.0.0.1"}, {"fd00::1"}}}}});
  mesh.add({.host = "db.mesh.internal",
            .tiers = {{1, {{"10.0.0.1", "east", "db-0"}}}},
            .headless = true});
  mesh::TestHost behind{.host = "behind.mesh.internal", .tiers = {{1, {{"10.0.0.1"}}}}};
  behind.door.kind = mesh::view::Door::Kind::forwarder;
  Asker asker(mesh.add(behind).table());
  CHECK(pointed_at(asker, "1.0.0.10.in-addr.arpa") == Names{"10-0-0-1.ratings.mesh.internal",
                                                            "10-0-0-1.reviews.mesh.internal",
                                                            "db-0.east.db.mesh.internal"});
  CHECK(
      pointed_at(asker, dns::reverse_name(base::IpAddress::parse("fd00::1").value()).to_string()) ==
      Names{"fd00--1.reviews.mesh.internal"});
}

TEST_CASE("row 34: a reverse name comes and goes with what it points at") {
  auto mesh = owner();
  dns::TableBuilder builder;
  const auto now = [&] { return builder.build(mesh.resolution(), mesh.config); };
  mesh.add({.host = "reviews.mesh.internal", .tiers = {{1, {{"10.0.0.1"}, {"10.9.0.1"}}}}});
  Asker first(now());
  CHECK(pointed_at(first, "1.0.0.10.in-addr.arpa").size() == 2);
  mesh.add({.host = "reviews.mesh.internal", .tiers = {{1, {{"10.8.0.1"}}}}});
  Asker second(now());
  CHECK(pointed_at(second, "1.0.0.10.in-addr.arpa") == Names{"10-0-0-1.ratings.mesh.internal"});
  CHECK(second.ask({.name = "9.10.in-addr.arpa", .type = PTR}).rcode == NXDOMAIN);
  CHECK(pointed_at(second, "1.0.8.10.in-addr.arpa").size() == 1);
  mesh.remove("reviews.mesh.internal").remove("ratings.mesh.internal");
  Asker third(now());
  CHECK(third.ask({.name = "1.0.0.10.in-addr.arpa", .type = PTR}).rcode == NXDOMAIN);
  CHECK(third.ask({.name = "0.10.in-addr.arpa", .type = PTR}).rcode == NXDOMAIN);
}

TEST_CASE("row 34: before the first sync an unknown address is SERVFAIL, a known one points") {
  Asker asker(owner().unsynced().table());
  CHECK(asker.ask({.name = "9.0.0.10.in-addr.arpa", .type = PTR}).rcode == SERVFAIL);
  CHECK(pointed_at(asker, "1.0.0.10.in-addr.arpa").size() == 1);
}
