#include "forwarder/net/retrying.hpp"

#include <algorithm>

namespace forwarder::net {
namespace {

const RetryRule kWithoutPolicy;

}  // namespace

Retrying::~Retrying() {
  if (in_budget_) upstream_.retry_ends();
}

bool Retrying::again(TryEnd end, std::uint16_t status) {
  const auto& rule = rule_ ? *rule_ : kWithoutPolicy;
  const bool idempotent = request_.idempotent();
  if (!asks_for_retry(rule, end, status, idempotent)) return false;
  if (made_ >= rule.most.value_or(static_cast<std::uint32_t>(work_.limits.replays)) || over() ||
      !request_.replayable())
    return false;
  if (is_failover(end, idempotent)) {
    work_.counters.replayed.add();
  } else if (enter_budget()) {
    work_.counters.policy_retries.add();
    pause_ = back_off(made_ + 1, work_.random);
  } else {
    work_.counters.retries_refused.add();
    return false;
  }
  ++made_;
  return true;
}

bool Retrying::enter_budget() {
  if (in_budget_) return true;
  const auto& policy = upstream_->policy;
  const auto most = policy ? policy->connections.retries : std::nullopt;
  if (upstream_.retrying() >= (most ? *most : retries_allowed(upstream_.users()))) return false;
  upstream_.retry_begins();
  return in_budget_ = true;
}

base::TimePoint Retrying::over_at() const {
  const bool timed = rule_ && rule_->request_timeout > base::Duration::zero() && request_.whole();
  return timed ? request_.whole_at() + rule_->request_timeout : base::net::kNoDeadline;
}

base::TimePoint Retrying::try_over_at(base::TimePoint since) const {
  const bool timed = rule_ && rule_->try_timeout > base::Duration::zero();
  return std::min(over_at(), timed ? since + rule_->try_timeout : base::net::kNoDeadline);
}

}  // namespace forwarder::net
