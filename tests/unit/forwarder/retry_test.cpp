#include "forwarder/retry.hpp"

#include <catch2/catch.hpp>

using namespace forwarder;
using namespace std::chrono_literals;

namespace {

// As a RetryTimeoutPolicy has it; `on`: null = without retryOn.
RetryRule rule(void (*on)(resources::RetryOn&) = nullptr) {
  resources::RetryTimeoutPolicy policy;
  auto& retries = policy.retries.emplace();
  if (on) on(retries.on.emplace());
  return retry_rule(policy);
}

// Which ends of a try ask for another, of an idempotent request and of a POST.
std::string asks(const RetryRule& rule) {
  struct Row {
    const char* name;
    TryEnd end;
    std::uint16_t status;
  };
  constexpr Row kRows[] = {{"unanswered", TryEnd::unanswered, 0}, {"broken", TryEnd::broken, 0},
                           {"timeout", TryEnd::timed_out, 0},     {"200", TryEnd::answered, 200},
                           {"404", TryEnd::answered, 404},        {"409", TryEnd::answered, 409},
                           {"500", TryEnd::answered, 500},        {"502", TryEnd::answered, 502},
                           {"503", TryEnd::answered, 503},        {"505", TryEnd::answered, 505}};
  std::string text;
  for (const bool idempotent : {true, false}) {
    text += idempotent ? "GET" : ", POST";
    for (const auto& row : kRows)
      if (asks_for_retry(rule, row.end, row.status, idempotent))
        text += ' ' + std::string(row.name);
  }
  return text;
}

}  // namespace

TEST_CASE("what a try must end with for a request to be sent again") {
  CHECK(asks(RetryRule()) == "GET unanswered, POST");
  CHECK(asks(rule()) == "GET unanswered broken timeout 503, POST");
  CHECK(asks(rule([](auto& on) { on.server_errors = true; })) ==
        "GET unanswered broken timeout 500 502 503 505, POST unanswered broken timeout 500 502 503 "
        "505");
  CHECK(asks(rule([](auto& on) { on.gateway_errors = true; })) ==
        "GET unanswered broken timeout 502 503, POST unanswered broken timeout 502 503");
  CHECK(asks(rule([](auto& on) { on.resets = true; })) ==
        "GET unanswered broken timeout, POST unanswered broken timeout");
  CHECK(asks(rule([](auto& on) { on.conflicts = true; })) == "GET unanswered 409, POST 409");
  CHECK(asks(rule([](auto& on) { on.connect_failures = true; })) == "GET unanswered, POST");
  CHECK(asks(rule([](auto& on) {
          on.statuses = {404, 500};
        })) == "GET unanswered 404 500, POST 404 500");
}

TEST_CASE("a rule is the policy's") {
  resources::RetryTimeoutPolicy policy;
  policy.request_timeout = 2s;
  CHECK(retry_rule(policy).request_timeout == 2s);
  CHECK_FALSE(retry_rule(policy).most);
  policy.retries = resources::Retries{0, 300ms, {}};
  CHECK(retry_rule(policy).most == 0u);
  CHECK(retry_rule(policy).try_timeout == 300ms);
}

TEST_CASE("the back-off grows to its limit, and is any part of it") {
  base::Random random(1);
  const base::Duration most[] = {25ms, 75ms, 175ms, 250ms, 250ms};
  for (std::uint32_t retry = 1; retry <= 5; ++retry) {
    base::Duration longest{}, shortest = 1s;
    for (int i = 0; i < 1000; ++i) {
      const auto pause = back_off(retry, random);
      longest = std::max(longest, pause);
      shortest = std::min(shortest, pause);
    }
    CHECK(longest < most[retry - 1]);
    CHECK(longest > most[retry - 1] * 9 / 10);
    CHECK(shortest < most[retry - 1] / 10);
  }
  CHECK(back_off(100, random) < kLongestBackOff);
}

TEST_CASE("a few retries are always allowed, and a fifth of what is under way") {
  CHECK(retries_allowed(0) == 3);
  CHECK(retries_allowed(4) == 3);
  CHECK(retries_allowed(100) == 23);
}
