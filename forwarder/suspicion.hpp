// How far one endpoint is trusted after what was seen of it.
//
// Who failed n times in a row is avoided for 1 s · 2^(n-1), at most a minute; then a single request
// goes there on trial while everybody else keeps away, until the head of its answer has come; a
// failure doubles the time, a whole answer restores the trust. So an endpoint that hangs holds one
// request up and not all that come by. Where nobody took the connection at all, no request need be
// risked to see whether somebody does again: a knock each second (Endpoints) does, and the trial
// follows the first that is opened. (Envoy ejects by time alone and lets everybody back at once;
// HAProxy's `observe layer4` needs health checks to come back by.)
//
// Avoided is a preference: where nothing else is left pick() takes it all the same. Thread: of its
// owner; the time is an argument.
#pragma once

#include "base/time.hpp"

namespace forwarder {

inline constexpr base::Duration kFirstAvoidance = std::chrono::seconds(1);
inline constexpr base::Duration kLongestAvoidance = std::chrono::seconds(60);
inline constexpr unsigned kTooSlowInARow = 5;  // Envoy's consecutive_gateway_failure

class Suspicion {
 public:
  bool avoids(base::TimePoint now) const {
    return failures_ > 0 && (knocking_ || on_trial_ || now < until_);
  }
  bool trusts() const { return failures_ == 0; }

  // A request goes there. True: on trial, and trial_over() is owed whatever becomes of it.
  bool begin_trial();
  void trial_over() { on_trial_ = false; }

  void answers();  // the head of an answer has come
  void answered() { *this = {}; }
  void failed(base::TimePoint now);
  // No answer within a time that a policy made short: a failure only where it is the last of
  // several without an answer between them, for some requests just take longer.
  void too_slow(base::TimePoint now);

  // Between the two nobody is sent there. Opened: who comes next is on trial at once.
  bool is_knocking() const { return knocking_; }
  void knocks() { knocking_ = true; }
  enum class Knock { opened, in_vain };
  void knocked(base::TimePoint now, Knock knock);

 private:
  unsigned failures_ = 0;  // in a row
  unsigned too_slow_ = 0;  // the same
  base::TimePoint until_ = base::TimePoint::min();
  bool on_trial_ = false, knocking_ = false;
};

}  // namespace forwarder
