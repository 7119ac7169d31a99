#include "agent/refusals.hpp"

#include <catch2/catch.hpp>

using namespace agent;
using namespace std::chrono_literals;

namespace {

const base::TimePoint kNow{1h};

}  // namespace

TEST_CASE("who is not let in is told with the reason, how often and for how long", "[agent]") {
  Refusals refusals;
  for (int n = 0; n < 3; ++n)
    refusals.note(kNow + n * 1min,
                  {Refusal::Side::ours, "west", "10.0.0.7:" + std::to_string(40'000 + n), "taken"});
  refusals.note(kNow, {Refusal::Side::theirs, "eu", "10.0.0.8:7700", "taken"});
  CHECK(refusals.troubles(kNow + 2min) ==
        std::vector<std::string>{
            "gossip: cluster west at 10.0.0.7 is not let in, 3 times in 2m0s: taken",
            "gossip: cluster eu at 10.0.0.8:7700 does not let this agent in, once: taken"});
  CHECK(refusals.totals().ours == 3);
  CHECK(refusals.totals().theirs == 1);
}

TEST_CASE("a refusal that is not repeated is no trouble after a while, and is forgotten later",
          "[agent]") {
  Refusals refusals;
  refusals.note(kNow, {Refusal::Side::ours, "west", "10.0.0.7:1", "taken"});
  CHECK(refusals.troubles(kNow + Refusals::kRecent).size() == 1);
  CHECK(refusals.troubles(kNow + Refusals::kRecent + 1s).empty());
  CHECK(refusals.list(kNow + Refusals::kKept).size() == 1);
  CHECK(refusals.list(kNow + Refusals::kKept + 1s).empty());
}

TEST_CASE("however many are refused, only so many are remembered, the newest", "[agent]") {
  Refusals refusals;
  for (std::size_t n = 0; n < 1000; ++n)
    refusals.note(kNow + n * 1ms, {Refusal::Side::ours, "c" + std::to_string(n), "", "taken"});
  const auto list = refusals.list(kNow + 1s);
  REQUIRE(list.size() == Refusals::kMaxEntries);
  CHECK(list.front().what.cluster == "c999");
  CHECK(list.back().what.cluster == "c936");
}

TEST_CASE("a handshake that fails is told with the remedy, once", "[agent]") {
  const auto line = [](std::string_view what) {
    return "Handshake failed with fatal error SSL_ERROR_SSL: error:SSL routines::" +
           std::string(what);
  };
  CHECK(is_refused_handshake(line("tls_process_client_certificate:certificate verify failed")));
  CHECK_FALSE(
      is_refused_handshake(line("tls_process_server_certificate:certificate verify failed")));
  CHECK_THAT(refused_handshake(line("certificate verify failed")).reason,
             Catch::Contains("gossip.trustedDomains"));
  CHECK_THAT(refused_handshake(line("peer did not return a certificate")).reason,
             Catch::Contains("nearmost tls issue"));
  CHECK_THAT(refused_handshake(line("wrong version number")).reason,
             Catch::Contains("does not speak TLS"));
}
