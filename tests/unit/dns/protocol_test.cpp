// The rules of dns.md §3, one by one, as a client sees them.
#include "dns/responder.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/dns/mesh.hpp"
#include "tests/unit/dns/messages.hpp"
#include "tests/unit/dns/numbers.hpp"

using namespace numbers;
using dns::Transport;
using mesh::Asker;
using mesh::bookinfo;
using reading::Ask;

namespace {

using Numbers = std::initializer_list<std::uint16_t>;
constexpr std::uint16_t kZ = 0x0040, kAd = 0x0020, kCd = 0x0010, kRa = 0x0080;

// NODATA: known, and the SOA says how long it holds.
void check_nodata(const reading::Answer& answer) {
  CHECK(answer.rcode == NOERROR);
  CHECK(answer.aa());
  CHECK(answer.answer.empty());
  REQUIRE(answer.authority.size() == 1);
  CHECK(answer.authority[0].type == SOA);
}

reading::Bytes question(const reading::Bytes& message) {
  return {message.begin() + 12, message.begin() + 12 + 23 + 4};
}

}  // namespace

TEST_CASE("what is no query is dropped without a word, and counted") {
  Asker asker(bookinfo().table());
  CHECK(asker.send({}).empty());
  CHECK(asker.send(reading::from_hex("1234 0100 0001 0000 0000 00")).empty());
  CHECK(asker.counters.short_messages.get() == 2);
  CHECK(asker.send(reading::make({.flags = 0x8100})).empty());
  CHECK(asker.counters.stray_responses.get() == 1);
}

TEST_CASE("row 1: another opcode gets a bare header with NOTIMP, and OPT only for OPT") {
  Asker asker(bookinfo().table());
  for (const std::uint16_t opcode : Numbers{1, 2, 4, 5, 6, 15}) {
    const auto flags = static_cast<std::uint16_t>(opcode << 11 | 0x07f0);
    const auto bytes = asker.send(reading::make({.flags = flags}));
    REQUIRE(bytes.size() == 12);
    CHECK((bytes[2] << 8 | bytes[3]) == (0x8000 | opcode << 11 | NOTIMP));
    CHECK(reading::Bytes(bytes.begin() + 4, bytes.end()) == reading::Bytes(8, 0));
    const auto with_opt = asker.ask({.flags = flags, .edns = true});
    CHECK(with_opt.opt);
    CHECK(with_opt.questions.empty());
    CHECK(with_opt.rcode == NOTIMP);
  }
}

TEST_CASE("rows 2 to 5: malformed queries get FORMERR, with OPT when theirs could be read") {
  Asker asker(bookinfo().table());
  for (const auto& c : messages::kMessages) {
    if (c.verdict != dns::Verdict::malformed) continue;
    INFO(c.what);
    const auto bytes = asker.send(reading::from_hex(c.hex));
    const auto answer = reading::read(bytes.data(), bytes.size());
    REQUIRE(answer);
    CHECK(answer->id == 0x1234);
    CHECK(answer->rcode == FORMERR);
    CHECK_FALSE(answer->aa());
    CHECK(answer->opt.has_value() == c.edns);
    CHECK(answer->questions.size() == (c.echoed ? 1 : 0));
    CHECK(answer->answer.size() + answer->authority.size() + answer->additional.size() == 0);
  }
  CHECK(asker.counters.responses[FORMERR].get() > 20);
}

TEST_CASE(
    "row 6: another EDNS version gets BADVERS in an OPT of version 0, with the question and "
    "nothing else") {
  Asker asker(bookinfo().table());
  for (const std::uint16_t type : Numbers{A, SOA}) {
    const auto answer = asker.ask({.type = type, .edns = true, .version = 1});
    CHECK(answer.rcode == BADVERS);
    REQUIRE(answer.opt);
    CHECK(answer.opt->version == 0);
    CHECK(answer.opt->options == 0);
    CHECK(answer.questions.size() == 1);
    CHECK_FALSE(answer.aa());
    CHECK(answer.answer.size() + answer.authority.size() == 0);
  }
}

TEST_CASE("row 7: unknown options and flags are ignored and not echoed, DO is") {
  Asker asker(bookinfo().table());
  const auto answer = asker.ask(
      {.edns = true, .edns_flags = 0xffff, .options = reading::from_hex("0064 0002 abcd")});
  CHECK(answer.rcode == NOERROR);
  CHECK(answer.answer.size() == 3);
  REQUIRE(answer.opt);
  CHECK(answer.opt->flags == 0x8000);
  CHECK(answer.opt->options == 0);
  CHECK(asker.ask({.edns = true}).opt->flags == 0);
}

TEST_CASE("row 8: the size we say is ours, and a client's smaller than 512 counts as 512") {
  Asker asker(bookinfo().table());
  for (const std::uint16_t size : Numbers{0, 100, 512, 1232, 4096, 65535}) {
    const auto answer = asker.ask({.edns = true, .udp_size = size});
    REQUIRE(answer.opt);
    CHECK(answer.opt->size == 1232);
    CHECK(answer.answer.size() == 3);
    CHECK_FALSE(answer.tc());
  }
}

TEST_CASE("row 9: no OPT asked, none answered, whatever the answer is") {
  Asker asker(bookinfo().table());
  for (const char* name : {"ratings.mesh.internal", "nope.mesh.internal", "www.example.org"}) {
    CHECK_FALSE(asker.ask({.name = name}).opt);
    CHECK(asker.ask({.name = name, .edns = true}).opt);
  }
}

TEST_CASE(
    "row 13: class CH tells version and identity where configured, other classes are refused") {
  Asker asker(bookinfo().table());
  const auto version = asker.ask({.name = "Version.Bind", .type = TXT, .class_ = 3});
  CHECK(version.rcode == NOERROR);
  REQUIRE(version.answer.size() == 1);
  CHECK(version.answer[0].data == "nearmost test");
  CHECK(version.answer[0].class_ == 3);
  CHECK(asker.ask({.name = "id.server", .type = TXT, .class_ = 3}).answer.at(0).data == "east-0");
  CHECK(asker.ask({.name = "hostname.bind", .type = TXT, .class_ = 3}).answer.at(0).data ==
        "east-0");
  CHECK(asker.ask({.name = "version.bind", .type = A, .class_ = 3}).rcode == REFUSED);
  CHECK(asker.ask({.class_ = 3}).rcode == REFUSED);
  const auto hesiod = asker.ask({.class_ = 4, .edns = true});
  CHECK(hesiod.rcode == REFUSED);
  CHECK(hesiod.opt->ede == 21);
  const auto any = asker.ask({.class_ = 255});  // as IN, but with no authority for other classes
  CHECK(any.answer.size() == 3);
  CHECK_FALSE(any.aa());
  const auto none = asker.ask({.name = "nope.mesh.internal", .class_ = 255});
  CHECK(none.rcode == NXDOMAIN);
  CHECK(none.authority.size() == 1);
  CHECK_FALSE(none.aa());

  auto silent = bookinfo();
  silent.config.software = silent.config.agent = "";
  Asker secretive(silent.table());
  CHECK(secretive.ask({.name = "version.bind", .type = TXT, .class_ = 3}).rcode == REFUSED);
}

TEST_CASE("row 14: ANY gets one HINFO, over UDP and TCP") {
  Asker asker(bookinfo().table());
  for (const auto transport : {Transport::udp, Transport::tcp}) {
    const auto answer = asker.ask({.type = 255}, transport);
    REQUIRE(answer.answer.size() == 1);
    CHECK(answer.answer[0].type == HINFO);
    CHECK(answer.answer[0].data == "RFC8482 ");
    CHECK(answer.answer[0].ttl == 3600);
    CHECK(answer.aa());
  }
  CHECK(asker.ask({.name = "mesh.internal", .type = 255}).answer.at(0).type == HINFO);
  CHECK(asker.ask({.name = "nope.mesh.internal", .type = 255}).rcode == NXDOMAIN);
  check_nodata(asker.ask({.name = "_tcp.ratings.mesh.internal", .type = 255}));
}

TEST_CASE("row 15: zone transfers are refused") {
  Asker asker(bookinfo().table());
  for (const std::uint16_t type : Numbers{252, 251}) {
    for (const auto transport : {Transport::udp, Transport::tcp}) {
      const auto answer =
          asker.ask({.name = "mesh.internal", .type = type, .edns = true}, transport);
      CHECK(answer.rcode == REFUSED);
      CHECK(answer.opt->ede == 18);
      CHECK(answer.answer.empty());
    }
  }
}

TEST_CASE("row 16: meta-types are not implemented") {
  Asker asker(bookinfo().table());
  for (const std::uint16_t type : Numbers{128, 249, 250, 253, 254}) {
    const auto answer = asker.ask({.type = type});
    CHECK(answer.rcode == NOTIMP);
    CHECK(answer.questions.size() == 1);
  }
  CHECK(asker.ask({.type = 41}).rcode == FORMERR);
}

TEST_CASE("rows 17 to 19: a type that a known name does not have is NODATA") {
  Asker asker(bookinfo().table());
  for (const std::uint16_t type : Numbers{666, 64, 65, 28, 33, 16, 15, 5, 2, 6, 12, 0, 65280}) {
    INFO("type " << type);
    check_nodata(asker.ask({.type = type}));
  }
}

TEST_CASE("row 20: an unknown name in our zone is NXDOMAIN with a SOA whose TTL is its minimum") {
  auto mesh = bookinfo();
  mesh.config.ttl = std::chrono::seconds(30);
  mesh.config.negative_ttl = std::chrono::seconds(3);
  Asker asker(mesh.table());
  const auto answer = asker.ask({.name = "nope.mesh.internal"});
  CHECK(answer.rcode == NXDOMAIN);
  CHECK(answer.aa());
  REQUIRE(answer.authority.size() == 1);
  CHECK(answer.authority[0].owner == "mesh.internal");
  CHECK(answer.authority[0].ttl == 3);
  CHECK(answer.authority[0].data == "ns.mesh.internal hostmaster.mesh.internal 7 3600 600 86400 3");
  CHECK(asker.ask({.name = "x.y.z.ratings.mesh.internal"}).rcode == NXDOMAIN);
  CHECK(asker.ask({.name = "xratings.mesh.internal"}).rcode == NXDOMAIN);
}

TEST_CASE("row 21: an empty non-terminal exists") {
  auto mesh = bookinfo();
  mesh.add({.host = "a.bookinfo.svc.mesh.internal", .tiers = {{1, {{"10.0.0.7"}}}}});
  Asker asker(mesh.table());
  for (const char* name : {"_tcp.ratings.mesh.internal", "svc.mesh.internal",
                           "bookinfo.svc.mesh.internal", "mesh.internal"}) {
    INFO(name);
    check_nodata(asker.ask({.name = name}));
  }
  CHECK(asker.ask({.name = "internal"}).rcode == REFUSED);
}

TEST_CASE("row 22: where no host is a wildcard, an asterisk is a label like others") {
  Asker asker(bookinfo().table());
  for (const char* name : {"*.mesh.internal", "*", "*.ratings.mesh.internal", "x.*.mesh.internal",
                           "*._tcp.ratings.mesh.internal"}) {
    INFO(name);
    const auto answer = asker.ask({.name = name});
    CHECK(answer.rcode == (name == std::string_view("*") ? REFUSED : NXDOMAIN));
    CHECK(answer.answer.empty());
  }
}

TEST_CASE("row 23: dns-version is not there, for it would promise Kubernetes' names") {
  Asker asker(bookinfo().table());
  CHECK(asker.ask({.name = "dns-version.mesh.internal", .type = TXT}).rcode == NXDOMAIN);
  check_nodata(asker.ask({.name = "mesh.internal", .type = TXT}));
}

TEST_CASE("row 23: the apex has SOA and NS with the name server's addresses") {
  Asker asker(bookinfo().table());
  const auto soa = asker.ask({.name = "MESH.internal", .type = SOA});
  CHECK(soa.aa());
  REQUIRE(soa.answer.size() == 1);
  CHECK(soa.answer[0].owner == "MESH.internal");
  CHECK(soa.answer[0].data == "ns.MESH.internal hostmaster.MESH.internal 7 3600 600 86400 5");
  const auto ns = asker.ask({.name = "mesh.internal", .type = NS});
  REQUIRE(ns.answer.size() == 1);
  CHECK(ns.answer[0].data == "ns.mesh.internal");
  REQUIRE(ns.additional.size() == 1);
  CHECK(ns.additional[0].owner == "ns.mesh.internal");
  CHECK(ns.additional[0].data == "127.0.0.54");
  CHECK(asker.ask({.name = "ns.mesh.internal"}).data(A) == std::vector<std::string>{"127.0.0.54"});
}

TEST_CASE("row 23: the SOA is kept as long as what is denied by it") {
  auto mesh = bookinfo();
  mesh.config.ttl = std::chrono::seconds(2);
  mesh.config.negative_ttl = std::chrono::seconds(60);
  Asker asker(mesh.table());
  CHECK(asker.ask({.name = "mesh.internal", .type = SOA}).answer.at(0).ttl == 60);
  CHECK(asker.ask({.name = "nope.mesh.internal"}).authority.at(0).ttl == 60);
}

TEST_CASE("row 23: a document's host may be called ns; the name server gives way to it") {
  auto mesh = bookinfo();
  mesh.add({.host = "ns.mesh.internal", .tiers = {{1, {{"10.0.0.7"}}}}});
  auto table = mesh.table();
  CHECK(table->problems().empty());
  Asker asker(std::move(table));
  CHECK(asker.ask({.name = "ns.mesh.internal"}).data(A) == std::vector<std::string>{"10.0.0.7"});
  const auto ns = asker.ask({.name = "mesh.internal", .type = NS});
  REQUIRE(ns.answer.size() == 1);
  CHECK(ns.answer[0].data == "ns2.mesh.internal");
  CHECK(ns.additional.at(0).owner == "ns2.mesh.internal");
  CHECK(asker.ask({.name = "ns2.mesh.internal"}).data(A) == std::vector<std::string>{"127.0.0.54"});
  CHECK(asker.ask({.name = "mesh.internal", .type = SOA})
            .answer.at(0)
            .data.starts_with("ns2.mesh.internal "));
}

TEST_CASE("row 24: names of others are refused, saying why") {
  Asker asker(bookinfo().table());
  for (const char* name :
       {"www.example.org", "", "internal", "1.0.0.10.in-addr.arpa", "xmesh.internal"}) {
    INFO(name);
    const auto recursive = asker.ask({.name = name, .edns = true});
    CHECK(recursive.rcode == REFUSED);
    CHECK_FALSE(recursive.aa());
    CHECK(recursive.authority.empty());
    CHECK(recursive.opt->ede == 18);
    const auto iterative = asker.ask({.name = name, .flags = 0, .edns = true});
    CHECK(iterative.rcode == REFUSED);
    CHECK(iterative.opt->ede == 20);
  }
}

TEST_CASE("row 25: the question comes back byte for byte, and its case in every owner") {
  Asker asker(bookinfo().table());
  const auto query = reading::make({.name = "RaTiNgS.mEsH.iNtErNaL"});
  const auto bytes = asker.send(query);
  CHECK(question(bytes) == question(query));
  const auto answer = reading::read(bytes.data(), bytes.size());
  REQUIRE(answer);
  REQUIRE(answer->answer.size() == 3);
  for (const auto& rr : answer->answer) CHECK(rr.owner == "RaTiNgS.mEsH.iNtErNaL");
}

TEST_CASE(
    "row 26: TC says that the answer asked for did not fit, in whole records, and keeps OPT") {
  mesh::Mesh mesh;
  mesh::TestHost many{.host = "many.mesh.internal", .tiers = {{1, {}}}, .headless = true};
  for (int i = 1; i <= 200; ++i) many.tiers[0].endpoints.push_back({"10.0.0." + std::to_string(i)});
  Asker asker(mesh.add(many).table());

  const auto plain = asker.send(reading::make({.name = "many.mesh.internal"}));
  CHECK(plain.size() <= 512);
  CHECK(plain.size() > 512 - 16);
  CHECK(reading::read(plain.data(), plain.size())->tc());

  const auto large =
      asker.send(reading::make({.name = "many.mesh.internal", .edns = true, .udp_size = 4096}));
  CHECK(large.size() <= 1232);
  CHECK(large.size() > 1232 - 16);
  const auto answer = reading::read(large.data(), large.size());
  REQUIRE(answer);
  CHECK(answer->tc());
  CHECK(answer->opt);

  for (std::uint16_t size = 512; size < 600; ++size) {
    const auto reply =
        asker.send(reading::make({.name = "many.mesh.internal", .edns = true, .udp_size = size}));
    REQUIRE(reply.size() <= size);
    REQUIRE(reading::read(reply.data(), reply.size())->opt);
  }

  const auto tcp = asker.ask({.name = "many.mesh.internal"}, Transport::tcp);
  CHECK_FALSE(tcp.tc());
  CHECK(tcp.answer.size() == 200);
  CHECK(asker.counters.truncated.get() == 2 + 88);
}

TEST_CASE("row 26: addresses that do not fit beside SRV records are left out without TC") {
  mesh::Mesh mesh;
  mesh::TestHost host{.host = "some-service.in-some-namespace-1.mesh.internal", .tiers = {{1, {}}}};
  for (int i = 1; i <= 5; ++i) host.tiers[0].endpoints.push_back({"10.0.0." + std::to_string(i)});
  Asker asker(mesh.add(host).table());
  const auto answer = asker.ask({.name = "_http._tcp." + host.host, .type = SRV});
  CHECK(answer.answer.size() == 5);
  CHECK(answer.additional.size() < 5);
  CHECK_FALSE(answer.tc());
  CHECK(
      asker.ask({.name = "_http._tcp." + host.host, .type = SRV, .edns = true}).additional.size() ==
      5);
}

TEST_CASE("rows 27 and 28: SRV targets are whole names with addresses, and one RRset has one TTL") {
  Asker asker(bookinfo().table());
  const auto answer = asker.ask({.name = "_http._tcp.ratings.mesh.internal", .type = SRV});
  REQUIRE(answer.answer.size() == 5);
  CHECK(answer.additional.size() == 5);
  for (const auto& srv : answer.answer) {
    CHECK(srv.ttl == answer.answer[0].ttl);
    const auto target = srv.data.substr(srv.data.rfind(' ') + 1);
    const auto direct = asker.ask({.name = target});
    REQUIRE(direct.answer.size() == 1);
    const auto same = [&](const reading::Rr& rr) {
      return rr.owner == target && rr.data == direct.answer[0].data;
    };
    CHECK(std::count_if(answer.additional.begin(), answer.additional.end(), same) == 1);
  }
  // RFC 3597 §4: no pointer in the data of a type that is not one of RFC 1035's.
  const auto bytes =
      asker.send(reading::make({.name = "_http._tcp.ratings.mesh.internal", .type = SRV}));
  const auto name = reading::wire_name("10-0-0-1.ratings.mesh.internal");
  CHECK(std::search(bytes.begin(), bytes.end(), name.begin(), name.end()) != bytes.end());
}

TEST_CASE("row 29: Z, AD and CD come back clear, RD as it was sent, RA never set") {
  Asker asker(bookinfo().table());
  for (const char* name : {"ratings.mesh.internal", "nope.mesh.internal", "www.example.org"})
    for (const std::uint16_t flags : Numbers{0x0000, 0x0100, 0x07f0}) {
      const auto answer =
          asker.ask({.name = name, .flags = flags, .edns = true, .edns_flags = 0x8000});
      CHECK((answer.flags & (kZ | kAd | kCd | kRa)) == 0);
      CHECK(answer.rd() == ((flags & 0x0100) != 0));
    }
}

TEST_CASE("before the first sync an unknown name is SERVFAIL, a known one is answered") {
  Asker asker(bookinfo().unsynced().table());
  const auto unknown = asker.ask({.name = "nope.mesh.internal", .edns = true});
  CHECK(unknown.rcode == SERVFAIL);
  CHECK(unknown.opt->ede == 14);
  CHECK(asker.ask({.name = "www.example.org"}).rcode == REFUSED);
  CHECK(asker.ask({}).answer.size() == 3);
  CHECK(asker.ask({.type = AAAA}).rcode == NOERROR);
}

TEST_CASE("before the first sync an empty non-terminal may yet be a peer's host: SERVFAIL") {
  auto mesh = bookinfo();
  mesh.add({.host = "reviews.shop.mesh.internal", .tiers = {{1, {{"10.0.0.7"}}}}});
  Asker early(mesh.unsynced().table());
  for (const std::uint16_t type : Numbers{A, AAAA, SRV, TXT, HTTPS, 255}) {
    const auto answer = early.ask({.name = "shop.mesh.internal", .type = type, .edns = true});
    CHECK(answer.rcode == SERVFAIL);
    CHECK(answer.opt->ede == 14);
    CHECK(answer.authority.empty());
  }
  check_nodata(early.ask({.name = "mesh.internal"}));  // an apex is known
  CHECK(early.ask({.name = "mesh.internal", .type = SOA}).answer.size() == 1);
  Asker later(mesh.synced().table());
  check_nodata(later.ask({.name = "shop.mesh.internal"}));
}

TEST_CASE("without a table everything is SERVFAIL, but malformed queries are still that") {
  Asker asker(nullptr);
  const auto answer = asker.ask({.edns = true});
  CHECK(answer.rcode == SERVFAIL);
  CHECK(answer.opt->ede == 14);
  CHECK(asker.ask({.edns = true, .version = 1}).rcode == BADVERS);
  CHECK(asker.ask({.flags = 0x2000}).rcode == NOTIMP);
}

TEST_CASE("queries and answers are counted by type and rcode") {
  Asker asker(bookinfo().table());
  asker.ask({});
  asker.ask({.type = AAAA, .edns = true});
  asker.ask({.name = "nope.mesh.internal", .type = 666});
  CHECK(asker.counters.queries[0].get() == 1);
  CHECK(asker.counters.queries[1].get() == 1);
  CHECK(asker.counters.queries.back().get() == 1);
  CHECK(asker.counters.responses[NOERROR].get() == 2);
  CHECK(asker.counters.responses[NXDOMAIN].get() == 1);
  CHECK(asker.counters.edns.get() == 1);
  CHECK(asker.counters.answered_from_tier[0].get() == 1);
}
