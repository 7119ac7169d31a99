// How much of a large delta goes into one frame of a link: what the link takes in about kPartTime,
// so that whatever goes between the parts waits no longer, on a slow link either.
//
// Measured from a part to the moment in which the link can take more, while there is more: a frame
// is asked for when the one before it has left. Thread: control only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/time.hpp"
#include "discovery/message.hpp"

namespace discovery {

inline constexpr base::Duration kPartTime = std::chrono::milliseconds(250);
inline constexpr std::size_t kLeastPartBytes = 16 * 1024;  // less would be mostly round trips
inline constexpr std::size_t kFirstPartBytes = 64 * 1024;

class Pace {
 public:
  std::size_t part_bytes() const { return part_bytes_; }
  // A part has gone and more will follow.
  void sent(base::TimePoint now) { sent_at_ = now; }
  // The link asks for its next frame.
  void left(base::TimePoint now) {
    if (!sent_at_) return;
    const auto took = std::max(now - *sent_at_, kPartTime / 16);
    sent_at_.reset();
    const auto fitting = part_bytes_ * static_cast<std::size_t>(kPartTime / base::Duration(1)) /
                         static_cast<std::size_t>(took / base::Duration(1));
    part_bytes_ = std::clamp(std::clamp(fitting, part_bytes_ / 2, part_bytes_ * 2), kLeastPartBytes,
                             kMaxFrameBytes);
  }

 private:
  std::size_t part_bytes_ = kFirstPartBytes;
  std::optional<base::TimePoint> sent_at_;
};

}  // namespace discovery
