// What an upstream is asked, what of its answer is believed, and what the client gets.
#include "dns/upstream_message.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/dns/reading.hpp"

using dns::ForeignQuery;
using Verdict = dns::UpstreamAnswer::Verdict;
using reading::Bytes;

namespace {

base::Bytes text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }
std::span<const std::uint8_t> span(const base::Bytes& bytes) { return base::as_span(bytes); }

ForeignQuery query(const std::string& name = "www.example.com") {
  auto question = reading::wire_name(name);
  question.insert(question.end(), {0, 1, 0, 1});
  return {.question = text(question), .id = 0x1234, .limit = 512};
}

reading::Answer read(const base::Bytes& bytes) {
  const auto answer = reading::read(span(bytes).data(), bytes.size());
  REQUIRE(answer);
  return *answer;
}

base::Bytes hex(std::string_view digits) { return text(reading::from_hex(digits)); }

constexpr std::string_view kAddress = "c00c 0001 0001 0000003c 0004 c0000201";
constexpr std::string_view kOpt = "00 0029 04d0 00000000 0000";

// The answer to `asked` with these counts and bytes behind the question.
base::Bytes answer(const base::Bytes& asked, std::uint16_t flags,
                   std::array<std::uint8_t, 3> counts, const base::Bytes& records) {
  auto bytes = asked.substr(0, asked.size() - (asked[11] ? 11 : 0));
  bytes[2] = static_cast<char>(flags >> 8);
  bytes[3] = static_cast<char>(flags);
  for (std::size_t i = 0; i < 3; ++i) bytes[7 + 2 * i] = static_cast<char>(counts[i]);
  return bytes + records;
}

Verdict verdict(const base::Bytes& asked, const base::Bytes& bytes) {
  return dns::read_upstream_answer(span(asked), span(bytes)).verdict;
}

}  // namespace

TEST_CASE("an upstream's query has its own ID and case, no option of the client's, and OPT last") {
  base::Random random(1);
  std::set<std::string> ids, names;
  auto foreign = query("abcdefghijklmnopqrstuvwxyz.example");
  foreign.dnssec_ok = foreign.checking_disabled = true;
  for (int i = 0; i < 100; ++i) {
    const auto bytes = dns::upstream_query(foreign, true, random);
    ids.insert(bytes.substr(0, 2));
    names.insert(bytes.substr(12, 36));
    CHECK(bytes.size() == 12 + foreign.question.size() + 11);
    CHECK(bytes.substr(bytes.size() - 11) == hex("00 0029 04d0 00008000 0000"));
    CHECK(bytes.substr(bytes.size() - 15, 4) == hex("0001 0001"));
    CHECK(bytes.substr(2, 10) == hex("0110 0001 0000 0000 0001"));
  }
  CHECK(ids.size() > 95);
  CHECK(names.size() > 95);
  foreign.dnssec_ok = foreign.checking_disabled = false;
  const auto plain = dns::upstream_query(foreign, false, random);
  CHECK(plain.size() == 12 + foreign.question.size());
  CHECK(plain.substr(2, 10) == hex("0100 0001 0000 0000 0000"));
}

TEST_CASE("row 37: what is not the answer to the question is not believed") {
  base::Random random(1);
  const auto asked = dns::upstream_query(query(), true, random);
  const auto good = answer(asked, 0x8180, {1, 0, 1}, hex(kAddress) + hex(kOpt));
  CHECK(verdict(asked, good) == Verdict::good);
  const auto with = [&](std::size_t at, int bits) {
    auto changed = good;
    changed[at] = static_cast<char>(changed[at] ^ bits);
    return verdict(asked, changed);
  };
  CHECK(with(0, 1) == Verdict::malformed);            // ID
  CHECK(with(2, 0x80) == Verdict::malformed);         // no response
  CHECK(with(2, 0x08) == Verdict::malformed);         // another opcode
  CHECK(with(2, 0x02) == Verdict::malformed);         // truncated
  CHECK(with(5, 2) == Verdict::malformed);            // three questions
  CHECK(with(14, 0x01) == Verdict::malformed);        // another name
  CHECK(with(12 + 17 + 1, 2) == Verdict::malformed);  // another type
  CHECK(with(12 + 17 + 3, 2) == Verdict::malformed);  // another class
  auto other_case = good;
  other_case[13] = static_cast<char>(other_case[13] ^ 0x20);
  CHECK_FALSE(dns::read_upstream_answer(span(asked), span(other_case)).same_case);
  CHECK(dns::read_upstream_answer(span(asked), span(good)).same_case);
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(verdict(asked, good.substr(0, size)) == Verdict::malformed);
  CHECK(verdict(asked, good + '\0') == Verdict::malformed);
}

TEST_CASE("records are within bounds, and their names are names") {
  base::Random random(1);
  const auto asked = dns::upstream_query(query(), false, random);
  const auto one = [&](std::string_view record) {
    return verdict(asked, answer(asked, 0x8180, {1, 0, 0}, hex(record)));
  };
  CHECK(one(kAddress) == Verdict::good);
  CHECK(one("c00c 0001 0001 0000003c 0005 c0000201") == Verdict::malformed);  // data cut
  CHECK(one("c00c 0001 0001 0000003c 0003 c0000201") == Verdict::malformed);  // a byte over
  CHECK(one("c0ff 0001 0001 0000003c 0004 c0000201") == Verdict::malformed);  // leads out
  CHECK(one("c021 0001 0001 0000003c 0004 c0000201") == Verdict::malformed);  // to itself
  CHECK(one("0161c021 0001 0001 0000003c 0004 c0000201") == Verdict::malformed);
  CHECK(one("c005 0001 0001 0000003c 0004 c0000201") == Verdict::malformed);  // into the header
  CHECK(one("80 0001 0001 0000003c 0004 c0000201") == Verdict::malformed);    // no such label
  CHECK(one("0161c00c 0001 0001 0000003c 0004 c0000201") == Verdict::good);
  CHECK(one(kOpt) == Verdict::malformed);  // OPT belongs to the additional records
  CHECK(verdict(asked, answer(asked, 0x8180, {0, 0, 2}, hex(kOpt) + hex(kOpt))) ==
        Verdict::malformed);
}

TEST_CASE("a name that is led to ends before the name that leads there") {
  base::Random random(1);
  const auto asked = dns::upstream_query(query(), true, random);
  const auto led_to = [&](const base::Bytes& target) {
    return verdict(asked, answer(asked, 0x8180, {2, 0, 1},
                                 hex("c00c 0005 0001 0000003c 0006") + target +
                                     hex("c02d 0001 0001 0000003c 0004 c0000201") + hex(kOpt)));
  };
  CHECK(led_to(hex("03616161 c010")) == Verdict::good);
  // Else its end may be in what the client does not get: here in OPT.
  CHECK(led_to(hex("13616161 c010")) == Verdict::malformed);
}

TEST_CASE("what a server could not, and that it knows no EDNS, are told apart") {
  base::Random random(1);
  const auto asked = dns::upstream_query(query(), true, random);
  CHECK(verdict(asked, answer(asked, 0x8183, {0, 0, 1}, hex(kOpt))) == Verdict::good);
  for (const std::uint16_t flags : std::initializer_list<std::uint16_t>{0x8182, 0x8184, 0x8185})
    CHECK(verdict(asked, answer(asked, flags, {0, 0, 0}, {})) == Verdict::failure);
  CHECK(verdict(asked, answer(asked, 0x8181, {0, 0, 0}, {})) == Verdict::no_edns);
  CHECK(verdict(asked, answer(asked, 0x8181, {0, 0, 1}, hex(kOpt))) == Verdict::failure);
  const auto plain = dns::upstream_query(query(), false, random);
  CHECK(verdict(plain, answer(plain, 0x8181, {0, 0, 0}, {})) == Verdict::failure);
  const auto badvers = dns::read_upstream_answer(
      span(asked), span(answer(asked, 0x8180, {0, 0, 1}, hex("00 0029 04d0 01000000 0000"))));
  CHECK(badvers.verdict == Verdict::failure);
  CHECK(badvers.rcode == dns::Rcode::servfail);
}

TEST_CASE("the client's reply has its ID, question and OPT, and of the answer the records") {
  base::Random random(1);
  auto foreign = query("wWw.eXample.com");
  foreign.checking_disabled = true;
  const auto asked = dns::upstream_query(foreign, true, random);
  // AA, AD and Z of the upstream are not for the client; nor is what follows its OPT.
  const auto bytes =
      answer(asked, 0x85f3, {1, 0, 3}, hex(kAddress) + hex(kAddress) + hex(kOpt) + hex(kAddress));
  const auto believed = dns::read_upstream_answer(span(asked), span(bytes));
  REQUIRE(believed.verdict == Verdict::good);
  auto reply = read(dns::reply_of(foreign, span(bytes), believed));
  CHECK(reply.id == 0x1234);
  CHECK(reply.flags == 0x8193);  // QR RD RA CD NXDOMAIN
  CHECK(reply.questions.front().starts_with("wWw.eXample.com"));
  CHECK(reply.answer.size() == 1);
  CHECK(reply.answer[0].owner == "wWw.eXample.com");
  CHECK(reply.additional.size() == 1);
  CHECK_FALSE(reply.opt);
  foreign.edns = foreign.dnssec_ok = true;
  reply = read(dns::reply_of(foreign, span(bytes), believed));
  REQUIRE(reply.opt);
  CHECK(reply.opt->flags == 0x8000);
  CHECK(reply.opt->size == 1232);
  // Header 12, question 21, two records of 16, OPT 11.
  foreign.limit = 12 + 21 + 32 + 11;
  CHECK_FALSE(read(dns::reply_of(foreign, span(bytes), believed)).tc());
  --foreign.limit;
  reply = read(dns::reply_of(foreign, span(bytes), believed));
  CHECK(reply.tc());
  CHECK(reply.answer.size() + reply.additional.size() == 0);
  CHECK(reply.opt);
}

TEST_CASE("a failure is SERVFAIL, with a reason for those who speak EDNS") {
  auto foreign = query();
  constexpr std::array<std::uint8_t, 6> kEde{0, 15, 0, 2, 0, 22};
  CHECK(read(dns::failure_reply(foreign, kEde)).rcode == 2);
  CHECK_FALSE(read(dns::failure_reply(foreign, kEde)).opt);
  foreign.edns = true;
  CHECK(read(dns::failure_reply(foreign, kEde)).opt->ede == 22);
}
