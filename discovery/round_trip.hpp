// How long a word takes to the other side of a link and back, by our clock alone: whole Beacons
// frames are counted on both sides of a link, and each says which was the last that its sender has
// read of the other's, and how long before (as RTCP does, RFC 3550 §6.4.1).
//
// From one control thread to the other and back: what waits in queues and on the wire counts, what
// lies at the other side until its next beacons does not. Half of it is what a change takes, where
// both ways are alike. Error: the drift of two clocks over ten seconds. Thread: control only.
#pragma once

#include <deque>
#include <optional>

#include "base/time.hpp"
#include "discovery/message.hpp"

namespace discovery {

class RoundTrip {
 public:
  // A whole Beacons frame goes out: what it says of theirs.
  Echo sent(base::TimePoint now);
  // One has come in.
  void heard(base::TimePoint now, const Echo& echo);
  // We slept: what is under way says nothing of the way.
  void stalled() { under_way_.clear(); }

  // As of the newest echo; nothing before any.
  std::optional<base::Duration> last() const { return last_; }

 private:
  static constexpr std::size_t kUnderWay = 8;  // their times are kept; an echo of an older one says
                                               // nothing
  std::uint32_t frames_sent_ = 0, frames_heard_ = 0;
  base::TimePoint heard_at_{};
  std::deque<std::pair<std::uint32_t, base::TimePoint>> under_way_;  // by number
  std::optional<base::Duration> last_;
};

}  // namespace discovery
