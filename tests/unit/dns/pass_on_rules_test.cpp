// Which queries are passed on, whose, and what is said of the others (dns.md §3 rows 24, 29, 39).
#include "dns/pass_on_rules.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/dns/mesh.hpp"
#include "tests/unit/dns/numbers.hpp"

using namespace numbers;
using reading::Ask;

namespace {

constexpr std::uint16_t kRa = 0x0080, kCd = 0x0010;

base::SocketAddress server(const std::string& text) {
  return base::SocketAddress::parse(text).value();
}

std::unique_ptr<const dns::Table> table_of(std::vector<dns::PassOnRule> rules) {
  auto mesh = mesh::bookinfo();
  mesh.config.pass_on = std::move(rules);
  mesh.config.clients = {base::Cidr::parse("127.0.0.0/8").value()};
  return mesh.table();
}

struct Asker : mesh::Asker {
  explicit Asker(std::vector<dns::PassOnRule> rules = {{".", {server("192.0.2.53:53")}}})
      : mesh::Asker(table_of(std::move(rules))) {
    can_pass_on = true;
  }
};

// The upstream that a query goes to; "" when it is answered here.
std::string upstream_of(Asker& asker, const Ask& ask) {
  asker.foreign.reset();
  const auto reply = asker.send(reading::make(ask));
  if (!asker.foreign) return "";
  REQUIRE(reply.empty());
  return asker.foreign->upstreams->servers.front().to_string();
}

}  // namespace

TEST_CASE("row 24: a name that is not ours is handed back with all that its reply needs") {
  Asker asked;
  const Ask ask{.name = "WWW.Example.com",
                .type = TXT,
                .flags = 0x0110,
                .id = 0xabcd,
                .edns = true,
                .udp_size = 900,
                .edns_flags = 0x8000};
  CHECK(upstream_of(asked, ask) == "192.0.2.53:53");
  const auto& foreign = *asked.foreign;
  CHECK(foreign.id == 0xabcd);
  CHECK(base::as_span(foreign.question).size() == 17 + 4);
  CHECK(foreign.question.substr(1, 3) == "WWW");
  CHECK(foreign.edns);
  CHECK(foreign.dnssec_ok);
  CHECK(foreign.checking_disabled);
  CHECK(foreign.limit == 900);
  CHECK(asked.counters.queries[3].get() == 1);
  for (const auto& responses : asked.counters.responses) CHECK(responses.get() == 0);
}

TEST_CASE("row 24: passing on is off, not for this client, or not asked for: REFUSED says which") {
  Asker off(std::vector<dns::PassOnRule>{});
  auto answer = off.ask({.name = "www.example.com", .edns = true});
  CHECK(answer.rcode == REFUSED);
  CHECK(answer.opt->ede == 18);
  CHECK((answer.flags & kRa) == 0);
  Asker asked;
  answer = asked.ask({.name = "www.example.com", .edns = true}, dns::Transport::udp, "192.0.2.1");
  CHECK(answer.rcode == REFUSED);
  CHECK(answer.opt->ede == 18);
  CHECK((answer.flags & kRa) == 0);
  CHECK_FALSE(asked.foreign);
  answer = asked.ask({.name = "www.example.com", .flags = 0, .edns = true});
  CHECK(answer.rcode == REFUSED);
  CHECK(answer.opt->ede == 20);
  asked.can_pass_on = false;  // nobody is there who could
  CHECK(asked.ask({.name = "www.example.com"}).rcode == REFUSED);
}

TEST_CASE(
    "row 29: RA stands in every reply to a client whose queries are passed on, and no other") {
  Asker asked;
  for (const auto* name : {"ratings.mesh.internal", "nope.mesh.internal", "localhost"})
    for (const auto& [from, ra] :
         {std::pair{"127.0.0.1", kRa}, std::pair{"192.0.2.1", std::uint16_t{0}}}) {
      const auto answer = asked.ask({.name = name, .flags = 0x0110}, dns::Transport::udp, from);
      CHECK((answer.flags & (kRa | kCd)) == ra);
    }
  const auto notimp = asked.ask({.flags = 0x2000});
  CHECK(notimp.rcode == NOTIMP);
  CHECK((notimp.flags & kRa) == 0);  // row 1: a bare header
}

TEST_CASE("the longest zone decides who is asked; names of no zone are refused") {
  Asker asked({{"example", {server("192.0.2.1:53")}}, {"corp.example", {server("192.0.2.2:53")}}});
  CHECK(upstream_of(asked, {.name = "www.example"}) == "192.0.2.1:53");
  CHECK(upstream_of(asked, {.name = "corp.EXAMPLE"}) == "192.0.2.2:53");
  CHECK(upstream_of(asked, {.name = "a.b.corp.example"}) == "192.0.2.2:53");
  CHECK(upstream_of(asked, {.name = "xcorp.example"}) == "192.0.2.1:53");
  CHECK(upstream_of(asked, {.name = "www.other"}).empty());
  CHECK(asked.ask({.name = "www.other"}).rcode == REFUSED);
}

TEST_CASE("our own names are never passed on, whatever the type") {
  Asker asked;
  for (const auto* name : {"ratings.mesh.internal", "nope.mesh.internal", "mesh.internal"})
    for (const std::uint16_t type : {A, AAAA, HTTPS, TXT})
      CHECK(upstream_of(asked, {.name = name, .type = type}).empty());
}

TEST_CASE("what is no question for data is not passed on") {
  Asker asked;
  CHECK(upstream_of(asked, {.name = "example.com", .type = 252}).empty());
  CHECK(upstream_of(asked, {.name = "example.com", .type = 250}).empty());
  CHECK(upstream_of(asked, {.name = "example.com", .class_ = 3}).empty());
  CHECK(upstream_of(asked, {.name = "example.com", .class_ = 255}).empty());
}

TEST_CASE("row 39: localhost is loopback, and never asked for elsewhere") {
  Asker asked;
  auto answer = asked.ask({.name = "localhost"});
  CHECK(answer.data(A) == std::vector<std::string>{"127.0.0.1"});
  CHECK(answer.aa());
  CHECK(asked.ask({.name = "Web.LocalHost", .type = AAAA}).data(AAAA) ==
        std::vector<std::string>{"::1"});
  answer = asked.ask({.name = "localhost", .type = TXT});
  CHECK(answer.rcode == NOERROR);
  CHECK(answer.answer.empty());
  REQUIRE(answer.authority.size() == 1);
  CHECK(answer.authority[0].type == SOA);
  CHECK(answer.authority[0].owner == "localhost");
}

TEST_CASE("row 39: reverse names of private addresses do not exist, unless a rule is for them") {
  Asker asked;
  for (const auto* name :
       {"1.0.0.10.in-addr.arpa", "1.0.31.172.in-addr.arpa", "9.8.168.192.in-addr.arpa",
        "1.0.0.127.in-addr.arpa", "1.d.f.ip6.arpa", "x.invalid", "abc.onion"}) {
    const auto answer = asked.ask({.name = name, .type = PTR});
    CHECK(answer.rcode == NXDOMAIN);
    REQUIRE(answer.authority.size() == 1);
    CHECK(answer.authority[0].type == SOA);
  }
  CHECK(asked.ask({.name = "10.in-addr.arpa", .type = NS}).rcode == NOERROR);
  CHECK(asked.ask({.name = "10.in-addr.arpa", .type = SOA}).answer.size() == 1);
  CHECK(upstream_of(asked, {.name = "1.0.32.172.in-addr.arpa", .type = PTR}) == "192.0.2.53:53");
  CHECK(upstream_of(asked, {.name = "8.8.8.8.in-addr.arpa", .type = PTR}) == "192.0.2.53:53");
  Asker own({{".", {server("192.0.2.53:53")}}, {"10.in-addr.arpa", {server("10.0.0.53:53")}}});
  CHECK(upstream_of(own, {.name = "1.0.0.10.in-addr.arpa", .type = PTR}) == "10.0.0.53:53");
  CHECK(upstream_of(own, {.name = "9.8.168.192.in-addr.arpa", .type = PTR}).empty());
}

TEST_CASE("row 39: addresses of a single label are not asked for, unless a rule is for it") {
  Asker asked;
  for (const std::uint16_t type : {A, AAAA, HTTPS}) {
    const auto answer = asked.ask({.name = "printer", .type = type});
    CHECK(answer.rcode == NXDOMAIN);
    CHECK(answer.authority.empty());  // nobody shall keep it
    CHECK(asked.ask({.name = "", .type = type}).rcode == NXDOMAIN);
  }
  CHECK(upstream_of(asked, {.name = "com", .type = DS}) == "192.0.2.53:53");
  CHECK(upstream_of(asked, {.name = "", .type = NS}) == "192.0.2.53:53");
  Asker own({{"printer", {server("192.0.2.9:53")}}});
  CHECK(upstream_of(own, {.name = "printer"}) == "192.0.2.9:53");
}
