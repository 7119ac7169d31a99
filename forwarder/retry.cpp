#include "forwarder/retry.hpp"

#include <algorithm>

namespace forwarder {
namespace {

bool holds_for_status(const resources::RetryOn& on, std::uint16_t status) {
  const bool gateway = status >= 502 && status <= 504;
  return (on.server_errors && status >= 500) || (on.gateway_errors && gateway) ||
         (on.conflicts && status == 409) || std::ranges::count(on.statuses, status) > 0;
}

}  // namespace

RetryRule retry_rule(const resources::RetryTimeoutPolicy& policy) {
  RetryRule rule;
  rule.request_timeout = policy.request_timeout;
  if (!policy.retries) return rule;
  rule.try_timeout = policy.retries->try_timeout;
  rule.most = policy.retries->attempts;
  rule.on = policy.retries->on;
  return rule;
}

bool asks_for_retry(const RetryRule& rule, TryEnd end, std::uint16_t status, bool idempotent) {
  if (is_failover(end, idempotent)) return true;
  if (!rule.most) return false;
  if (!rule.on) return idempotent && (end != TryEnd::answered || status == 503);
  if (end == TryEnd::answered) return holds_for_status(*rule.on, status);
  return rule.on->resets || rule.on->server_errors || rule.on->gateway_errors;
}

base::Duration back_off(std::uint32_t retry, base::Random& random) {
  const auto most =
      std::min(kBackOff * ((std::int64_t{1} << std::min(retry, 8u)) - 1), kLongestBackOff);
  return base::Duration(
      static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most.count()))));
}

}  // namespace forwarder
