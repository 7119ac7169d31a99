// Names derived from a host where they meet other names, and targets that are not simply members.
#include "dns/host.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/dns/mesh.hpp"
#include "tests/unit/dns/numbers.hpp"

using namespace numbers;
using mesh::Asker;
using mesh::Mesh;
using mesh::TestHost;
using Strings = std::vector<std::string>;

TEST_CASE("a host below a derived name leaves that name, and its own names are below it") {
  Mesh mesh = mesh::bookinfo();
  mesh.add({.host = "web.10-0-0-1.ratings.mesh.internal", .tiers = {{1, {{"10.7.7.7"}}}}});
  Asker asker(mesh.table());
  CHECK(asker.table->problems().empty());
  CHECK(asker.ask({.name = "10-0-0-1.ratings.mesh.internal"}).data(A) == Strings{"10.0.0.1"});
  CHECK(asker.ask({.name = "web.10-0-0-1.ratings.mesh.internal"}).data(A) == Strings{"10.7.7.7"});
  CHECK(asker.ask({.name = "10-7-7-7.web.10-0-0-1.ratings.mesh.internal"}).data(A) ==
        Strings{"10.7.7.7"});
  CHECK(asker.ask({.name = "db.10-0-0-1.ratings.mesh.internal"}).rcode == NXDOMAIN);
  CHECK(asker.ask({.name = "10-0-0-2.ratings.mesh.internal"}).data(A) == Strings{"10.0.0.2"});
  CHECK(asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV}).answer.size() == 5);
}

TEST_CASE("a name that the nearest host does not know may be another one's further up") {
  Mesh mesh;
  mesh.add({.host = "db.mesh.internal",
            .tiers = {{1, {{"10.0.0.1", "east", "db-0"}}}},
            .headless = true});
  mesh.add({.host = "east.db.mesh.internal", .tiers = {{1, {{"10.0.0.2"}}}}});
  Asker asker(mesh.table());
  CHECK(asker.ask({.name = "db-0.east.db.mesh.internal"}).data(A) == Strings{"10.0.0.1"});
  CHECK(asker.ask({.name = "10-0-0-2.east.db.mesh.internal"}).data(A) == Strings{"10.0.0.2"});
  CHECK(asker.ask({.name = "db-1.east.db.mesh.internal"}).rcode == NXDOMAIN);
}

TEST_CASE("nothing is derived from a derived name, nor from a forwarder's address") {
  Asker asker(mesh::bookinfo().table());
  for (const char* name :
       {"10-0-0-1.10-0-0-1.ratings.mesh.internal", "_explain._explain.ratings.mesh.internal",
        "_http._tcp.10-0-0-1.ratings.mesh.internal", "x._http._tcp.ratings.mesh.internal",
        "_http._udp.ratings.mesh.internal", "_tcp._http.ratings.mesh.internal",
        "10-0-0-9.ratings.mesh.internal", "10-0-0-01.ratings.mesh.internal"}) {
    INFO(name);
    CHECK(asker.ask({.name = name}).rcode == NXDOMAIN);
  }
  TestHost behind{.host = "web.mesh.internal", .tiers = {{1, {{"10.0.0.1"}}}}};
  behind.door = {mesh::view::Door::Kind::forwarder, "", {base::IpAddress::v4(0x7f000009)}};
  Asker forwarded(Mesh().add(behind).table());
  CHECK(forwarded.ask({.name = "127-0-0-9.web.mesh.internal"}).rcode == NXDOMAIN);
  CHECK(forwarded.ask({.name = "_tcp.web.mesh.internal"}).rcode == NOERROR);
}

TEST_CASE("a pod with two addresses is one target with both at its name") {
  Mesh mesh;
  mesh.add({.host = "db.mesh.internal",
            .tiers = {{1, {{"10.0.0.1", "east", "db-0"}, {"fd00::1", "east", "db-0"}}}},
            .headless = true});
  Asker asker(mesh.table());
  CHECK(asker.ask({.name = "_http._tcp.db.mesh.internal", .type = SRV}).data(SRV) ==
        Strings{"0 1 9080 db-0.east.db.mesh.internal"});
  CHECK(asker.ask({.name = "db-0.east.db.mesh.internal"}).data(A) == Strings{"10.0.0.1"});
  CHECK(asker.ask({.name = "db-0.east.db.mesh.internal", .type = AAAA}).data(AAAA) ==
        Strings{"fd00::1"});
  CHECK(asker.ask({.name = "10-0-0-1.db.mesh.internal"}).rcode == NXDOMAIN);  // it has a hostname
}

TEST_CASE("weights that 16 bits do not hold are brought down together in SRV") {
  Mesh mesh;
  mesh.add({.host = "ratings.mesh.internal",
            .tiers = {{1,
                       {{.ip = "10.0.0.1", .weight = 131070},
                        {.ip = "10.0.0.2", .weight = 65535},
                        {.ip = "10.0.0.3", .weight = 1}}}}});
  Asker asker(mesh.table());
  auto targets = asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV}).data(SRV);
  std::sort(targets.begin(), targets.end());
  CHECK(targets == Strings{"0 1 9080 10-0-0-3.ratings.mesh.internal",
                           "0 32767 9080 10-0-0-2.ratings.mesh.internal",
                           "0 65535 9080 10-0-0-1.ratings.mesh.internal"});
}
