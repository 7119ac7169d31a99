// Questions under way, with a network and a clock that the test is.
#include "dns/pending.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/dns/reading.hpp"

using base::Duration;
using dns::Pending;
using dns::Transport;
using Failure = Pending::Failure;
using reading::Bytes;
using namespace std::chrono_literals;

namespace {

struct World {
  dns::PassOnCounters counters;
  Pending pending{base::Random(1), counters};
  Pending::Effects effects;
  base::TimePoint now{std::chrono::hours(1)};
  std::shared_ptr<const dns::Upstreams> upstreams = servers(2);

  // 192.0.2.1:53, 192.0.2.2:53, …
  static std::shared_ptr<const dns::Upstreams> servers(int count) {
    dns::Upstreams made;
    for (int i = 1; i <= count; ++i)
      made.servers.push_back(
          base::SocketAddress::parse("192.0.2." + std::to_string(i) + ":53").value());
    return std::make_shared<const dns::Upstreams>(made);
  }

  struct Ask {
    std::string name = "www.example.com";
    std::uint16_t type = 1;
    std::string client = "10.0.0.1";
    Transport transport = Transport::udp;
    bool edns = false, dnssec_ok = false, checking_disabled = false;
    Duration waited{};
  };
  void ask(const Ask& a) {
    auto question = reading::wire_name(a.name);
    for (const int byte : {a.type >> 8, a.type & 255, 0, 1})
      question.push_back(static_cast<std::uint8_t>(byte));
    dns::ForeignQuery query{.question = {question.begin(), question.end()},
                            .id = ++last_id,
                            .edns = a.edns,
                            .dnssec_ok = a.dnssec_ok,
                            .checking_disabled = a.checking_disabled,
                            .limit = 512,
                            .upstreams = upstreams};
    dns::Asker asker{.client = {base::IpAddress::parse(a.client).value(), 4000},
                     .transport = a.transport,
                     .asked_at = now - a.waited};
    pending.ask(now, std::move(query), std::move(asker), effects);
  }

  // What is sent to upstreams since the last look.
  std::vector<dns::Attempt> attempts() { return std::exchange(effects.attempts, {}); }
  dns::Attempt attempt() {
    auto all = attempts();
    REQUIRE(all.size() == 1);
    return all.front();
  }
  std::vector<reading::Answer> replies() {
    std::vector<reading::Answer> all;
    for (const auto& reply : std::exchange(effects.replies, {})) {
      const auto bytes = base::as_span(reply.bytes);
      all.push_back(reading::read(bytes.data(), bytes.size()).value());
    }
    return all;
  }

  // The answer to `attempt` with one address, or a failure; `case_of` changes the question's bytes.
  void answer(const dns::Attempt& attempt, std::uint8_t rcode = 0, bool other_case = false) {
    auto bytes = attempt.query;
    if (attempt.via.edns) bytes.resize(bytes.size() - 11);
    bytes[2] = static_cast<char>(0x81);
    bytes[3] = static_cast<char>(0x80 | rcode);
    bytes[11] = 0;
    if (other_case) bytes[13] = static_cast<char>(bytes[13] ^ 0x20);
    if (rcode == 0) {
      bytes[7] = 1;
      const auto record = reading::from_hex("c00c 0001 0001 0000003c 0004 c0000201");
      bytes.append(record.begin(), record.end());
    }
    pending.answered(now, attempt.id, base::as_span(bytes), effects);
  }
  void fail(const dns::Attempt& attempt, Failure failure = Failure::timeout) {
    pending.failed(now, attempt.id, failure, effects);
  }
  std::uint16_t last_id = 0;
};

std::string server(const dns::Attempt& attempt) { return attempt.upstream.ip.to_string(); }

}  // namespace

TEST_CASE("those who ask the same wait for one answer, each with its own ID and case") {
  World world;
  world.ask({.name = "www.example.com"});
  world.ask({.name = "WWW.example.COM", .client = "10.0.0.2"});
  world.ask({.name = "www.example.com", .client = "10.0.0.3", .edns = true});
  CHECK(world.pending.questions() == 1);
  CHECK(world.pending.waiting() == 3);
  world.answer(world.attempt());
  const auto replies = world.replies();
  REQUIRE(replies.size() == 3);
  CHECK(replies[0].id == 1);
  CHECK(replies[1].id == 2);
  CHECK(replies[1].questions[0].starts_with("WWW.example.COM"));
  CHECK_FALSE(replies[1].opt);
  CHECK(replies[2].opt);
  for (const auto& reply : replies) CHECK(reply.answer.size() == 1);
  CHECK(world.pending.waiting() == 0);
  CHECK(world.pending.questions() == 0);
  CHECK(world.counters.coalesced.get() == 2);
  CHECK(world.counters.dns.responses[0].get() == 3);
}

TEST_CASE("another type, DO or CD is another question") {
  World world;
  world.ask({});
  world.ask({.type = 28});
  world.ask({.edns = true, .dnssec_ok = true});
  world.ask({.checking_disabled = true});
  CHECK(world.attempts().size() == 4);
}

TEST_CASE("the next server is asked when one does not answer, and then first") {
  World world;
  world.ask({});
  auto attempt = world.attempt();
  CHECK(server(attempt) == "192.0.2.1");
  world.now += 800ms;
  world.fail(attempt);
  attempt = world.attempt();
  CHECK(server(attempt) == "192.0.2.2");
  world.answer(attempt);
  CHECK(world.replies().size() == 1);
  CHECK(world.attempts().empty());  // nothing after success
  for (const auto* name : {"a.example", "b.example"}) {
    world.ask({.name = name});
    attempt = world.attempt();
    CHECK(server(attempt) == "192.0.2.2");
  }
  world.fail(attempt);  // as good as any that is silent, then
  CHECK(server(world.attempt()) == "192.0.2.1");
}

TEST_CASE(
    "silent servers are asked in turn until 4 s are over; then all get SERVFAIL with EDE 22") {
  World world;
  world.ask({.edns = true});
  world.ask({.client = "10.0.0.2"});
  std::string asked;
  for (int i = 0; i < 4; ++i) {
    const auto attempt = world.attempt();
    asked += server(attempt).back();
    world.now += 800ms;
    world.fail(attempt);
    world.pending.tick(world.now, world.effects);
    CHECK(world.replies().empty());
  }
  CHECK(asked == "1212");
  CHECK(world.pending.next_deadline() == world.now + 800ms);
  world.now += 800ms;
  world.pending.tick(world.now, world.effects);
  const auto replies = world.replies();
  REQUIRE(replies.size() == 2);
  CHECK(replies[0].rcode == 2);
  CHECK(replies[0].opt->ede == 22);
  CHECK(replies[1].rcode == 2);
  CHECK(world.pending.next_deadline() == base::TimePoint::max());
  const auto late = world.attempt();  // its answer comes when nobody waits
  world.answer(late);
  CHECK(world.replies().empty());
}

TEST_CASE("servers that cannot be reached are not asked again: SERVFAIL with EDE 23 at once") {
  World world;
  world.ask({.edns = true});
  world.fail(world.attempt(), Failure::unreachable);
  world.fail(world.attempt(), Failure::unreachable);
  CHECK(world.attempts().empty());
  const auto replies = world.replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].opt->ede == 23);
}

TEST_CASE("a server that could not is left for the next; when none could, its rcode is told") {
  World world;
  world.ask({});
  world.answer(world.attempt(), 2);
  const auto second = world.attempt();
  CHECK(server(second) == "192.0.2.2");
  world.answer(second, 5);
  CHECK(world.replies().at(0).rcode == 5);
  CHECK(world.pending.upstream_counters().at(0).second->errors.get() == 0);
}

TEST_CASE("row 37: another case is asked for again over TCP, and over TCP it is a habit") {
  World world;
  world.ask({});
  auto attempt = world.attempt();
  CHECK_FALSE(attempt.via.tcp);
  world.answer(attempt, 0, true);
  CHECK(world.replies().empty());
  attempt = world.attempt();
  CHECK(attempt.via.tcp);
  CHECK(server(attempt) == "192.0.2.1");
  world.answer(attempt, 0, true);
  CHECK(world.replies().size() == 1);
  world.ask({});
  attempt = world.attempt();
  CHECK(attempt.via.tcp);
  world.answer(attempt);
  world.now += Pending::kRemembered + 1s;
  world.ask({});
  CHECK_FALSE(world.attempt().via.tcp);
  CHECK(world.pending.upstream_counters().at(0).second->mismatches.get() == 2);
}

TEST_CASE("a server without EDNS is asked without, now and from then on") {
  World world;
  world.ask({});
  auto attempt = world.attempt();
  CHECK(attempt.via.edns);
  world.answer(attempt, 1);
  attempt = world.attempt();
  CHECK_FALSE(attempt.via.edns);
  CHECK(attempt.query.size() == 12 + 17 + 4);
  world.answer(attempt);
  CHECK(world.replies().size() == 1);
  world.ask({});
  CHECK_FALSE(world.attempt().via.edns);
}

TEST_CASE("a question costs no more than kMaxAttempts, whatever servers say") {
  World world;
  world.upstreams = World::servers(8);
  world.ask({});
  std::size_t count = 0;
  for (; !world.effects.attempts.empty(); ++count) world.answer(world.attempt(), 2, true);
  CHECK(count == Pending::kMaxAttempts);
  CHECK(world.replies().size() == 1);
}

TEST_CASE("row 40: beyond its limit a client's UDP query is dropped, over TCP it gets SERVFAIL") {
  World world;
  for (std::size_t i = 0; i < Pending::kMaxPerClient; ++i)
    world.ask({.name = std::to_string(i) + ".example"});
  CHECK(world.attempts().size() == Pending::kMaxPerClient);
  world.ask({.name = "more.example"});
  CHECK(world.replies().empty());
  world.ask({.name = "more.example", .transport = Transport::tcp});
  CHECK(world.replies().at(0).rcode == 2);
  CHECK(world.attempts().empty());
  CHECK(world.counters.refused.get() == 2);
  world.ask({.name = "more.example", .client = "10.0.0.2"});
  CHECK(world.attempts().size() == 1);
  world.now += Pending::kPatience;
  world.pending.tick(world.now, world.effects);
  CHECK(world.replies().size() == Pending::kMaxPerClient + 1);
  world.ask({.name = "more.example"});
  CHECK(world.attempts().size() == 1);
}

TEST_CASE("all clients together have no more than kMaxWaiting queries under way") {
  World world;
  for (int client = 0; client < 100; ++client)
    for (int i = 0; i < 150; ++i)
      world.ask({.name = std::to_string(client) + "-" + std::to_string(i) + ".example",
                 .client = "10.0.1." + std::to_string(client)});
  CHECK(world.pending.waiting() == Pending::kMaxWaiting);
  CHECK(world.pending.questions() == Pending::kMaxWaiting);
  CHECK(world.counters.refused.get() == 15'000 - Pending::kMaxWaiting);
  CHECK(world.counters.under_way.get() == Pending::kMaxWaiting);
}

TEST_CASE("row 40: what has waited too long to be begun is not begun") {
  World world;
  world.ask({.waited = Pending::kMaxAge + 1ms});
  CHECK(world.attempts().empty());
  world.ask({.waited = Pending::kMaxAge});
  CHECK(world.attempts().size() == 1);
}

TEST_CASE("row 38: a loop back to us joins its own question, and ends with it") {
  World world;
  world.ask({});
  auto attempt = world.attempt();
  for (int i = 0; i < 5; ++i) {
    world.ask({.client = "192.0.2.1"});  // our own query, come back
    CHECK(world.attempts().empty());
  }
  world.now += Pending::kPatience;
  world.pending.tick(world.now, world.effects);
  CHECK(world.replies().size() == 6);
}
