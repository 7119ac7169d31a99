#include "forwarder/suspicion.hpp"

#include <algorithm>

namespace forwarder {

bool Suspicion::begin_trial() {
  if (failures_ == 0 || on_trial_) return false;
  on_trial_ = true;
  return true;
}

void Suspicion::answers() {
  until_ = base::TimePoint::min();
  on_trial_ = knocking_ = false;
  too_slow_ = 0;
}

// Requests that fail together are one failure, not a series.
void Suspicion::failed(base::TimePoint now) {
  if (now < until_) return;
  const auto doublings = std::min(failures_++, 6u);
  until_ = now + std::min(kFirstAvoidance * (1 << doublings), kLongestAvoidance);
}

void Suspicion::too_slow(base::TimePoint now) {
  if (++too_slow_ < kTooSlowInARow && trusts()) return;
  too_slow_ = 0;
  failed(now);
}

void Suspicion::knocked(base::TimePoint now, Knock knock) {
  knocking_ = false;
  if (knock == Knock::opened) until_ = std::min(until_, now);
}

}  // namespace forwarder
