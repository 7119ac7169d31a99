#include "discovery/round_trip.hpp"

#include <algorithm>

namespace discovery {

Echo RoundTrip::sent(base::TimePoint now) {
  if (under_way_.size() == kUnderWay) under_way_.pop_front();
  under_way_.emplace_back(++frames_sent_, now);
  return frames_heard_ > 0 ? Echo{frames_heard_, now - heard_at_} : Echo{};
}

void RoundTrip::heard(base::TimePoint now, const Echo& echo) {
  ++frames_heard_;
  heard_at_ = now;
  while (!under_way_.empty() && under_way_.front().first < echo.frames) under_way_.pop_front();
  if (under_way_.empty() || under_way_.front().first != echo.frames) return;
  last_ = std::max(base::Duration::zero(), now - under_way_.front().second - echo.held);
  under_way_.pop_front();
}

}  // namespace discovery
