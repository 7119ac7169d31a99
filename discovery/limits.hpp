// What this agent takes of one origin and puts into one frame, as the operator says, within what
// the protocol allows (origin.hpp, message.hpp).
//
// Beyond the protocol's limits a frame is malformed, its sender at fault and the link closed.
// Beyond these an origin is only more than this agent wants: it is quarantined, its last good state
// serves. Units: bytes of keys and values, rows, rows a second. Thread: a value.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.hpp"
#include "discovery/message.hpp"

namespace discovery {

inline constexpr std::size_t kMinFrameBytes = 2 * kMaxRowBytes;

struct Limits {
  std::size_t frame_bytes = kMaxFrameBytes;  // of a frame that is sent
  std::size_t row_bytes = kMaxRowBytes;
  std::size_t rows = kMaxRowsPerOrigin;
  std::size_t bytes = kMaxBytesPerOrigin;
  std::uint32_t changes_per_second = 10'000;  // of rows, for long; see Quarantine::kBurst
  base::Duration quarantine = std::chrono::seconds(30);
  base::Duration longest_quarantine = std::chrono::minutes(10);
  friend bool operator==(const Limits&, const Limits&) = default;
};

}  // namespace discovery
