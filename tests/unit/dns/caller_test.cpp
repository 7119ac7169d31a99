// Where a caller is: its own address, or that for which a trusted forwarder asks (RFC 7871).
#include "dns/client_subnet.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/dns/mesh.hpp"
#include "tests/unit/dns/numbers.hpp"

using namespace numbers;
using mesh::Asker;
using mesh::Mesh;
using mesh::TestHost;
using reading::Bytes;
using Strings = std::vector<std::string>;

namespace {

const char* const kForwarder = "10.0.0.53";

// Class 0 is answered 10.0.0.1, class 1 (zone-b) 10.1.0.1, class 2 (zone-c) 10.2.0.1.
Mesh three_classes() {
  Mesh mesh;
  mesh.config.trusted_forwarders = {base::Cidr::parse("10.0.0.53/32").value()};
  mesh.caller("192.0.2.1", "zone-b").caller("192.0.2.2", "zone-c");
  std::vector<TestHost> by_class;
  for (const char* ip : {"10.0.0.1", "10.1.0.1", "10.2.0.1"})
    by_class.push_back({.host = "ratings.mesh.internal", .tiers = {{1, {{ip}}}}});
  mesh.add(by_class);
  mesh.add({.host = "alike.mesh.internal", .tiers = {{1, {{"10.9.0.1"}}}}});
  return mesh;
}

// Networks alone: no caller is known by its address.
Mesh networks() {
  Mesh mesh = three_classes();
  mesh.forget_callers();
  return mesh.network("10.64.0.0/10", 1).network("10.65.0.0/16", 2).network("fd00::/16", 2);
}

// Its data: family, source, scope, address.
Bytes option(const std::string& hex) {
  const auto data = reading::from_hex(hex);
  Bytes bytes(4 + data.size());  // in one piece: gcc 12 takes insert() for an overflow
  bytes[1] = 8;
  bytes[3] = static_cast<std::uint8_t>(data.size());
  std::copy(data.begin(), data.end(), bytes.begin() + 4);
  return bytes;
}

reading::Answer ask(Asker& asker, const std::string& subnet, const std::string& from = kForwarder,
                    const std::string& name = "ratings.mesh.internal") {
  return asker.ask({.name = name, .edns = true, .options = option(subnet)}, dns::Transport::udp,
                   from);
}

}  // namespace

TEST_CASE("a caller in a named network has its locality, the longest network's") {
  Asker asker(three_classes().network("10.64.0.0/10", 1).network("10.65.0.0/16", 2).table());
  const auto from = [&](const char* ip) {
    return asker.ask({}, dns::Transport::udp, ip).data(A).at(0);
  };
  CHECK(from("10.64.0.9") == "10.1.0.1");
  CHECK(from("10.65.0.9") == "10.2.0.1");
  CHECK(from("10.66.0.9") == "10.1.0.1");
  CHECK(from("10.128.0.9") == "10.0.0.1");
  CHECK(from("192.0.2.2") == "10.2.0.1");  // known by its address
}

TEST_CASE("row 11: a client subnet is a family, a prefix without scope, and its bytes, or none") {
  for (const char* form :
       {"0001 00 00", "0001 01 00 80", "0001 07 00 fe", "0001 08 00 ff", "0001 20 00 ffffffff",
        "0002 00 00", "0002 01 00 80", "0002 40 00 20010db8ffffffff",
        "0002 41 00 20010db8ffffffff80", "0002 80 00 20010db8000000000000000000000001"}) {
    INFO(form);
    const auto data = reading::from_hex(form);
    const auto subnet = dns::read_client_subnet(data);
    REQUIRE(subnet);
    reading::Bytes written(subnet->option_size());
    subnet->write(written, 0);
    CHECK(written == option(form));
    CHECK(subnet->ip().is_v6() == (data[1] == 2));
  }
  for (const char* form :
       {"", "00", "0001", "0001 00", "0000 00 00", "0003 00 00", "0101 00 00", "0001 00 01",
        "0001 00 00 00", "0001 01 00", "0001 01 00 40", "0001 01 00 8000", "0001 07 00 ff",
        "0001 09 00 ff40", "0001 20 00 ffffff", "0001 21 00 ffffffff80",
        "0002 81 00 20010db800000000000000000000000180",
        "0002 ff 00 20010db8000000000000000000000001"}) {
    INFO(form);
    const auto bytes = reading::from_hex(form);
    const Bytes data(bytes.begin(), bytes.end());  // without room, so that who reads on is found
    CHECK_FALSE(dns::read_client_subnet(data));
  }
}

TEST_CASE("row 11: a trusted forwarder's client subnet decides, and comes back with its scope") {
  struct Row {
    const char *subnet, *data, *scope;
  };
  Asker asker(networks().table());
  for (const Row& row : {
           Row{"0001 20 00 0a420009", "10.1.0.1", "0001 20 0f 0a420009"},  // 10.66/15 has no 10.65
           Row{"0001 20 00 0a500009", "10.1.0.1", "0001 20 0c 0a500009"},  // 10.80/12
           Row{"0001 18 00 0a4100", "10.2.0.1", "0001 18 10 0a4100"},      // its own network
           Row{"0001 0a 00 0a40", "10.1.0.1", "0001 0a 10 0a40"},          // 10.64/16 is all it is
           Row{"0001 08 00 0a", "10.0.0.1", "0001 08 0a 0a"},              // more than a network
           Row{"0001 20 00 c0000201", "10.0.0.1", "0001 20 01 c0000201"},  // 192/1: nothing there
           Row{"0002 20 00 fd000001", "10.2.0.1", "0002 20 10 fd000001"},  // IPv6
           Row{"0002 20 00 fe800000", "10.0.0.1", "0002 20 07 fe800000"},  // next to it
       }) {
    INFO(row.subnet);
    const auto answer = ask(asker, row.subnet);
    CHECK(answer.data(A) == Strings{row.data});
    REQUIRE(answer.opt->client_subnet);
    CHECK(*answer.opt->client_subnet == reading::from_hex(row.scope));
  }
}

TEST_CASE("row 11: an address that a forwarder asks for in full may be a known endpoint's") {
  Asker asker(three_classes().network("192.0.2.0/24", 2).table());
  const auto known = ask(asker, "0001 20 00 c0000201");
  CHECK(known.data(A) == Strings{"10.1.0.1"});
  CHECK(known.opt->client_subnet == reading::from_hex("0001 20 20 c0000201"));
  // Endpoints may be anywhere in the rest, so it holds for no more than was asked for.
  const auto other = ask(asker, "0001 19 00 c0000280");
  CHECK(other.data(A) == Strings{"10.2.0.1"});
  CHECK(other.opt->client_subnet == reading::from_hex("0001 19 19 c0000280"));
}

TEST_CASE("row 11: a prefix is not its first address: no endpoint's, in no longer network") {
  Asker inside(networks().network("10.64.0.0/16", 2).table());
  const auto around = ask(inside, "0001 0a 00 0a40");
  CHECK(around.data(A) == Strings{"10.1.0.1"});
  CHECK(around.opt->client_subnet == reading::from_hex("0001 0a 10 0a40"));
  CHECK(ask(inside, "0001 10 00 0a40").data(A) == Strings{"10.2.0.1"});

  Asker known(three_classes().caller("198.51.100.0", "zone-b").table());
  CHECK(ask(known, "0001 20 00 c6336400").data(A) == Strings{"10.2.0.1"});
  const auto prefix = ask(known, "0001 18 00 c63364");
  CHECK(prefix.data(A) == Strings{"10.0.0.1"});
  CHECK(prefix.opt->client_subnet == reading::from_hex("0001 18 18 c63364"));
}

TEST_CASE("row 11: what is the same for all callers holds for all") {
  Asker asker(networks().table());
  for (const char* name : {"alike.mesh.internal", "nope.mesh.internal", "mesh.internal",
                           "_tcp.ratings.mesh.internal", "www.example.org"}) {
    INFO(name);
    const auto answer = ask(asker, "0001 18 00 0a4100", kForwarder, name);
    CHECK(answer.opt->client_subnet == reading::from_hex("0001 18 00 0a4100"));
  }
  // But a place is another host, and an explanation says where the caller is.
  for (const char* name :
       {"zone-c.prefer._zone.alike.mesh.internal", "_explain.alike.mesh.internal"}) {
    INFO(name);
    CHECK(ask(asker, "0001 18 00 0a4100", kForwarder, name).opt->client_subnet ==
          reading::from_hex("0001 18 10 0a4100"));
  }
}

TEST_CASE("row 11: a client that wants to be nobody is answered as the forwarder") {
  auto mesh = networks();
  mesh.config.trusted_forwarders = {base::Cidr::parse("10.65.0.53/32").value()};
  Asker asker(mesh.table());
  const auto answer = ask(asker, "0001 00 00", "10.65.0.53");
  CHECK(answer.data(A) == Strings{"10.2.0.1"});
  CHECK(answer.opt->client_subnet == reading::from_hex("0001 00 00"));
}

TEST_CASE("row 11: nobody else's client subnet counts or comes back, and malformed ones never do") {
  Asker asker(networks().table());
  for (const char* from : {"10.0.0.54", "127.0.0.1", "10.65.0.9"}) {
    const auto answer = ask(asker, "0001 18 00 0a4100", from);
    CHECK(answer.rcode == NOERROR);
    CHECK(answer.data(A) == asker.ask({}, dns::Transport::udp, from).data(A));
    CHECK(answer.opt->options == 0);
  }
  for (const char* malformed : {"0001 18 18 0a4100", "0001 17 00 0a4101", "0001 21 00 0a41000000",
                                "0003 00 00", "0001 18 00 0a41", "0001 18"}) {
    INFO(malformed);
    const auto answer = ask(asker, malformed);
    CHECK(answer.rcode == FORMERR);
    CHECK(answer.opt->options == 0);
  }
}

TEST_CASE("the client subnet has its room in the reply before all that can be left out") {
  auto mesh = networks();
  TestHost many{.host = "many.mesh.internal", .tiers = {{1, {}}}, .headless = true};
  for (int i = 1; i <= 200; ++i) many.tiers[0].endpoints.push_back({"10.0.1." + std::to_string(i)});
  Asker asker(mesh.add(many).table());
  for (std::uint16_t size = 512; size < 560; ++size) {
    const auto bytes = asker.send(reading::make({.name = "many.mesh.internal",
                                                 .edns = true,
                                                 .udp_size = size,
                                                 .options = option("0001 20 00 0a410001")}),
                                  dns::Transport::udp, kForwarder);
    CHECK(bytes.size() <= size);
    const auto answer = reading::read(bytes.data(), bytes.size());
    REQUIRE(answer);
    CHECK(answer->tc());
    CHECK(answer->opt->client_subnet == reading::from_hex("0001 20 00 0a410001"));
  }
}
