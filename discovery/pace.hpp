// How much of a large delta goes into one frame: what its stream takes in about so long a time. On
// a link that is kPartTime, so that whatever goes between the parts waits no longer, on a slow one
// either; on a bulk stream kBulkPartTime, so that a part outweighs the round trip that gRPC's
// window costs it and still comes before its receiver's patience is over.
//
// Measured from a part to the moment in which the link can take more, while there is more: a frame
// is asked for when the one before it has left. It has left when the kernel has taken it, so parts
// grow slowly: what buffers swallow at once is not what gets through. On a bulk stream it has left
// when the other side has it. Thread: control only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "base/time.hpp"
#include "discovery/message.hpp"

namespace discovery {

inline constexpr base::Duration kPartTime = std::chrono::milliseconds(250);
inline constexpr base::Duration kBulkPartTime = std::chrono::milliseconds(1000);
inline constexpr std::size_t kLeastPartBytes = 16 * 1024;  // less would be mostly round trips
inline constexpr std::size_t kFirstPartBytes = 64 * 1024;

class Pace {
 public:
  explicit Pace(base::Duration time = kPartTime, std::size_t most = kMaxFrameBytes)
      : time_(time), most_(most) {}
  std::size_t part_bytes() const { return part_bytes_; }
  // A part has gone and more will follow.
  void sent(base::TimePoint now) { sent_at_ = now; }
  // The link asks for its next frame.
  void left(base::TimePoint now) {
    if (!sent_at_) return;
    const auto took = std::max(now - *sent_at_, time_ / 16);
    sent_at_.reset();
    const auto fitting = part_bytes_ * static_cast<std::size_t>(time_ / base::Duration(1)) /
                         static_cast<std::size_t>(took / base::Duration(1));
    part_bytes_ = std::clamp(std::clamp(fitting, part_bytes_ / 2, part_bytes_ * 3 / 2),
                             kLeastPartBytes, most_);
  }

 private:
  base::Duration time_;
  std::size_t most_;
  std::size_t part_bytes_ = kFirstPartBytes;
  std::optional<base::TimePoint> sent_at_;
};

}  // namespace discovery
