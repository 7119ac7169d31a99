// What OutlierDetectionPolicy holds against one endpoint of a destination (gloo.md §5; Envoy's
// outlier detection, forwarder.md §2.4): so many errors in a row, and it is ejected for a while.
//
// Errors are 5xx answers and those that did not come: no connection, none in time, a broken one.
// 502, 503, 504 and what did not come are gateway errors; where these have a count of their own, it
// or the count of all ejects, whichever is full first. The n-th ejection lasts n times the base
// time, 5 minutes or the base time at most; each interval without one takes one off n. Whoever
// comes back is on probation (unlike in Envoy): one more error of the count that was full ejects it
// again, one answer clears it.
//
// No more than max_percent of an upstream's endpoints (of a subset, where a route leads to one) are
// ejected at once, though one may always be. Ejected is a preference: where nothing else is left
// pick() takes it all the same. What is seen of an endpoint through one subset or cluster counts
// for the destination whole.
//
// Thread: any; all workers share it. While nothing fails they only read.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/time.hpp"

namespace forwarder {

struct OutlierRule {
  std::uint32_t errors = 5;          // in a row
  std::uint32_t gateway_errors = 0;  // 0 = no count of their own
  base::Duration interval = std::chrono::seconds(10);
  base::Duration ejection = std::chrono::seconds(30);
  std::uint32_t max_percent = 100;
};

inline constexpr base::Duration kLongestEjection = std::chrono::minutes(5);

class Outlier {
 public:
  enum class Seen : std::uint8_t { answer, error, gateway_error };

  bool ejected(base::TimePoint now) const {
    return now.time_since_epoch().count() < until_.load(std::memory_order_relaxed);
  }
  // True: it is to be ejected.
  bool saw(Seen what, const OutlierRule& rule);
  // When saw() has said so. False: another worker was faster.
  bool eject(base::TimePoint now, const OutlierRule& rule);
  std::uint32_t ejections() const { return ejections_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> errors_ = 0, gateway_errors_ = 0;  // in a row
  std::atomic<std::uint32_t> ejections_ = 0;
  std::atomic<base::Duration::rep> until_ = 0;  // of the clock
};

// A status that came, 0: none came.
Outlier::Seen seen(std::uint16_t status);

}  // namespace forwarder
