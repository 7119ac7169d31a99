// Wildcards: a host `*.<name>` stands for what does not exist below the closest encloser (RFC
// 4592).
#include "tests/unit/dns/mesh.hpp"
#include "tests/unit/dns/numbers.hpp"

#include <catch2/catch.hpp>

using namespace numbers;
using mesh::Asker;
using mesh::Mesh;
using mesh::TestHost;
using Strings = std::vector<std::string>;

namespace {

TestHost host(const std::string& name, const std::string& ip) {
  return {.host = name, .tiers = {{1, {{.ip = ip, .locality = {"us", "us-1a", ""}}}}}};
}

Mesh shop() {
  return Mesh()
      .add(host("*.shop.mesh.internal", "10.0.0.1"))
      .add(host("exact.shop.mesh.internal", "10.0.0.2"))
      .add(host("deep.ent.shop.mesh.internal", "10.0.0.3"))
      .add(host("ratings.mesh.internal", "10.0.0.4"))
      .add(host("*.ratings.mesh.internal", "10.0.0.5"));
}

// Its addresses, or what there is in place of them.
std::string told(Asker& asker, const std::string& name, std::uint16_t type = A) {
  const auto answer = asker.ask({.name = name + ".mesh.internal", .type = type, .edns = true});
  if (answer.rcode != NOERROR) return answer.rcode == NXDOMAIN ? "none" : "failure";
  return answer.answer.empty() ? "no data" : answer.data(type).at(0);
}

}  // namespace

TEST_CASE("row 22: a wildcard stands for what does not exist below the closest encloser alone") {
  Asker asker(shop().table());
  struct Row {
    const char *name, *data;
  };
  for (const Row& row : {
           Row{"foo.shop", "10.0.0.1"},
           Row{"FOO.Shop", "10.0.0.1"},
           Row{"a.b.c.shop", "10.0.0.1"},
           Row{"exact.shop", "10.0.0.2"},
           Row{"deep.ent.shop", "10.0.0.3"},
           Row{"_tcp.shop", "10.0.0.1"},
           Row{"*.shop", "10.0.0.1"},      // asked for as itself, it is there
           Row{"shop", "no data"},         // it leads to names only, as do these
           Row{"ent.shop", "no data"},     //
           Row{"foo.exact.shop", "none"},  // below a name that exists there is no wildcard
           Row{"foo.ent.shop", "none"},    //
           Row{"foo.*.shop", "none"},      //
           Row{"foo.deep.ent.shop", "none"},
           Row{"10-0-0-2.exact.shop", "10.0.0.2"},
           Row{"foo.bar", "none"},
           Row{"ratings", "10.0.0.4"},
           Row{"foo.ratings", "10.0.0.5"},
           Row{"10-0-0-4.ratings", "10.0.0.4"},    // a derived name exists,
           Row{"foo.10-0-0-4.ratings", "none"},    // and encloses what is below it
           Row{"foo._http._tcp.ratings", "none"},  //
           Row{"_tcp.ratings", "no data"},
       }) {
    INFO(row.name);
    CHECK(told(asker, row.name) == row.data);
  }
  CHECK(told(asker, "foo.shop", AAAA) == "no data");
  CHECK(asker.ask({.name = "FOO.Shop.mesh.internal"}).answer.at(0).owner ==
        "FOO.Shop.mesh.internal");
  const auto missing = asker.ask({.name = "foo.shop.mesh.internal", .type = AAAA});
  CHECK(missing.authority.at(0).type == SOA);
}

TEST_CASE("row 22: what is derived from a host is derived from those that a wildcard stands for") {
  Asker asker(shop().table());
  CHECK(told(asker, "_http._tcp.foo.shop", SRV) == "0 1 9080 10-0-0-1.foo.shop.mesh.internal");
  CHECK(told(asker, "_9080._tcp.a.b.shop", SRV) == "0 1 9080 10-0-0-1.a.b.shop.mesh.internal");
  CHECK(told(asker, "10-0-0-1.foo.shop") == "10.0.0.1");
  CHECK(told(asker, "10-0-0-9.foo.shop") == "10.0.0.1");  // a host like any other
  CHECK(told(asker, "_tcp.foo.shop") == "no data");
  CHECK(told(asker, "_zone.foo.shop") == "no data");
  CHECK(told(asker, "us-1a.pin._zone.foo.shop") == "10.0.0.1");
  CHECK(told(asker, "us-1b.pin._zone.foo.shop") == "no data");
  CHECK(told(asker, "us-1b.prefer._zone.foo.shop") == "10.0.0.1");
  CHECK(told(asker, "_http._tcp.us-1a.pin._zone.foo.shop", SRV) ==
        "0 1 9080 10-0-0-1.foo.shop.mesh.internal");
  CHECK_THAT(told(asker, "_explain.foo.shop", TXT), Catch::Contains("; view 7"));
  CHECK(told(asker, "_http._tcp.*.shop", SRV) == "0 1 9080 10-0-0-1.*.shop.mesh.internal");
}

TEST_CASE("row 22: of names too long to derive another from there are addresses alone") {
  Asker asker(shop().table());
  const std::string label(40, 'x');
  for (std::size_t labels = 1; labels <= 5; ++labels) {
    std::string name = "shop";
    for (std::size_t i = 0; i < labels; ++i) name = label + "." + name;
    INFO(name);
    CHECK(told(asker, name) == "10.0.0.1");
    const auto srv = told(asker, "_http._tcp." + name, SRV);
    CHECK(srv == (labels <= 2 ? "0 1 9080 10-0-0-1." + name + ".mesh.internal" : "no data"));
    // A place is made once, for whoever asks.
    CHECK(told(asker, "us-1a.pin._zone." + name) == "10.0.0.1");
  }
}

TEST_CASE("row 22: before the first sync a wildcard stands for nothing yet") {
  Asker asker(shop().unsynced().table());
  CHECK(told(asker, "foo.shop") == "failure");
  CHECK(told(asker, "us-1a.pin._zone.foo.shop") == "failure");
  CHECK(told(asker, "exact.shop") == "10.0.0.2");
}

TEST_CASE("row 22: a wildcard comes and goes with its host, and ends at a zone below") {
  auto mesh = shop();
  mesh.config.zones = {"mesh.internal", "inner.shop.mesh.internal"};
  dns::TableBuilder builder;
  Asker asker(builder.build(mesh.resolution(), mesh.config));
  CHECK(told(asker, "foo.shop") == "10.0.0.1");
  CHECK(told(asker, "foo.inner.shop") == "none");
  // Others that go take no wildcard with them, nor does its own change.
  for (const auto* name : {"exact.shop.mesh.internal", "deep.ent.shop.mesh.internal"})
    mesh.remove(name);
  asker.table = builder.build(mesh.resolution(), mesh.config);
  CHECK(told(asker, "exact.shop") == "10.0.0.1");
  mesh.add(host("*.shop.mesh.internal", "10.0.0.8"));
  asker.table = builder.build(mesh.resolution(), mesh.config);
  CHECK(told(asker, "foo.shop") == "10.0.0.8");

  mesh.remove("*.shop.mesh.internal");
  asker.table = builder.build(mesh.resolution(), mesh.config);
  CHECK(told(asker, "foo.shop") == "none");
  CHECK(told(asker, "foo.ratings") == "10.0.0.5");
  mesh.remove("*.ratings.mesh.internal");
  asker.table = builder.build(mesh.resolution(), mesh.config);
  CHECK(told(asker, "foo.ratings") == "none");
  mesh.add(host("*.ratings.mesh.internal", "10.0.0.6"));
  asker.table = builder.build(mesh.resolution(), mesh.config);
  CHECK(told(asker, "foo.ratings") == "10.0.0.6");
}

TEST_CASE("row 22: a wildcard outside the zones is not served, and no address is called by one") {
  auto mesh = shop();
  mesh.config.zones = {"mesh.internal", "10.in-addr.arpa"};
  mesh.add(host("*.pay.example", "10.0.0.7"));
  const auto table = mesh.table();
  CHECK(table->problems() ==
        Strings{"*.pay.example is outside dns.zones, where wildcards are not served"});
  Asker asker(mesh.table());
  CHECK(asker.ask({.name = "a.pay.example"}).rcode == REFUSED);
  CHECK(asker.ask({.name = "1.0.0.10.in-addr.arpa", .type = PTR}).rcode == NXDOMAIN);
  CHECK(asker.ask({.name = "2.0.0.10.in-addr.arpa", .type = PTR}).data(PTR) ==
        Strings{"10-0-0-2.exact.shop.mesh.internal"});
}
