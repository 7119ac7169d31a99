// When a request is sent again: RetryTimeoutPolicy with Envoy's conditions (gloo.md §6,
// forwarder.md §2.3), and what holds without one.
//
// - A connection that is not made is no try: nothing was sent, and another endpoint takes the
// request.
// - Without a policy, or without its `retries`, an idempotent request that got no byte of an answer
//   is sent again, as often as the forwarder's limit says.
// - `retries` without `retryOn`: the same, and after a broken answer, none in time or a 503: still
//   only what is idempotent (RFC 9110 §9.2.2).
// - With `retryOn`: for its conditions any method, as in Envoy: who writes them says that the
//   routes bear it. `5xx` and `gateway-error` hold for what `reset` holds for, too.
//
// The back-off is Envoy's: before the n-th retry a random part of (2^n - 1) · 25 ms, at most
// 250 ms. A budget keeps retries from making a storm of an overload; it does not count failover,
// which is the sending of an idempotent request whose endpoint died. Thread: pure; the random
// numbers are the caller's.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.hpp"
#include "base/time.hpp"
#include "resources/retry_timeout_policy.hpp"

namespace forwarder {

// Of one route.
struct RetryRule {
  base::Duration request_timeout{};  // from the request's last byte to the answer's; zero = none
  base::Duration try_timeout{};  // from the request's last byte to an answer's head; zero = none
  std::optional<std::uint32_t> most;     // retries; absent = no `retries`: the forwarder's limit
  std::optional<resources::RetryOn> on;  // absent: the default
};

RetryRule retry_rule(const resources::RetryTimeoutPolicy& policy);

// How a try ended.
enum class TryEnd : std::uint8_t {
  unanswered,  // the connection ended without a byte
  broken,      // half a head came, or nonsense
  timed_out,   // no head in time
  answered,    // with a status; nothing of it has gone to the client
};

bool asks_for_retry(const RetryRule& rule, TryEnd end, std::uint16_t status, bool idempotent);

// The dead endpoint's request goes to another: no part of the budget.
constexpr bool is_failover(TryEnd end, bool idempotent) {
  return end == TryEnd::unanswered && idempotent;
}

inline constexpr base::Duration kBackOff = std::chrono::milliseconds(25);
inline constexpr base::Duration kLongestBackOff = 10 * kBackOff;
// `retry`: from 1.
base::Duration back_off(std::uint32_t retry, base::Random& random);

// Requests of one upstream that may be retries at once, of so many under way at a worker.
constexpr std::size_t retries_allowed(std::size_t active) { return 3 + active / 5; }

}  // namespace forwarder
