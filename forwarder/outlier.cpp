#include "forwarder/outlier.hpp"

#include <algorithm>

namespace forwarder {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

void clear(std::atomic<std::uint32_t>& count) {
  if (count.load(kRelaxed) != 0) count.store(0, kRelaxed);
}

}  // namespace

bool Outlier::saw(Seen what, const OutlierRule& rule) {
  if (what != Seen::gateway_error) clear(gateway_errors_);
  if (what == Seen::answer) {
    clear(errors_);
    return false;
  }
  const bool many = errors_.fetch_add(1, kRelaxed) + 1 >= rule.errors;
  if (what == Seen::error) return many;
  const auto of_gateway = gateway_errors_.fetch_add(1, kRelaxed) + 1;
  return many || (rule.gateway_errors > 0 && of_gateway >= rule.gateway_errors);
}

bool Outlier::eject(base::TimePoint now, const OutlierRule& rule) {
  auto until = until_.load(kRelaxed);
  const auto at = now.time_since_epoch();
  if (at.count() < until) return false;
  const auto before = ejections();
  const auto since = until == 0 ? base::Duration::zero() : at - base::Duration(until);
  const auto calm = std::min<std::int64_t>(since / rule.interval, before);
  const auto times = before - static_cast<std::uint32_t>(calm) + 1;
  const auto most = std::max(kLongestEjection, rule.ejection);
  const auto lasts = rule.ejection > most / times ? most : rule.ejection * times;
  // Of several workers that come to this at once one ejects.
  if (!until_.compare_exchange_strong(until, (at + lasts).count(), kRelaxed)) return false;
  ejections_.store(times, kRelaxed);
  // Until an answer has come the next error of the count that was full is one too many.
  if (errors_.load(kRelaxed) >= rule.errors)
    errors_.store(rule.errors - 1, kRelaxed);
  else
    gateway_errors_.store(rule.gateway_errors - 1, kRelaxed);
  return true;
}

Outlier::Seen seen(std::uint16_t status) {
  if (status == 0 || (status >= 502 && status <= 504)) return Outlier::Seen::gateway_error;
  return status >= 500 ? Outlier::Seen::error : Outlier::Seen::answer;
}

}  // namespace forwarder
