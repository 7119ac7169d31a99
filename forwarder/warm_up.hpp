// LoadBalancerPolicy's warmupDurationSecs, Envoy's slow start (forwarder.md §2.4): who has come
// lately counts for a part of its weight, which grows with the time that it has been there, from a
// tenth on.
//
// Come is who was in no upstream of the table before: new, back after it was unhealthy, or of a
// route's new destination. Who is there when the agent first knows of the mesh has been there ever
// since. All is relative to the one that has been there longest: where all have come together, none
// warms up any more than the others.
//
// Thread: immutable; the time is an argument.
#pragma once

#include <cstddef>
#include <vector>

#include "base/time.hpp"

namespace forwarder {

inline constexpr base::TimePoint kEver = base::TimePoint::min();  // when who was always there came
inline constexpr double kLeastWarmth = 0.1;                       // Envoy's min_weight_percent

// Of the members of a tier.
class WarmUp {
 public:
  // `since`: when each came; not empty.
  WarmUp(std::vector<base::TimePoint> since, base::Duration lasts);

  bool is_over(base::TimePoint now) const { return now >= until_; }
  // How much of its weight the member counts for, of 1. While it is not over.
  double warmth(std::size_t member, base::TimePoint now) const;

 private:
  double alone(base::TimePoint since, base::TimePoint now) const;

  std::vector<base::TimePoint> since_;
  base::Duration lasts_;
  base::TimePoint oldest_, until_;
};

}  // namespace forwarder
