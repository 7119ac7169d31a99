// How a link with nothing new to say says so: a Beacons frame that repeats the last one of its
// link, but for the sender's own sequence, goes as Still, 15 bytes on the wire.
//
// A whole one goes every 10 s all the same: a link whose sides disagree about what was said last
// mends itself. Until then a Still that fits nothing counts as a word of its sender and no more.
// Thread: control only.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "discovery/message.hpp"

namespace discovery {

inline constexpr base::Duration kWholeBeacons = std::chrono::seconds(10);
// Longer ones tell of thirds, whose ages grow, and never repeat: no link keeps what the mesh is.
inline constexpr std::size_t kRepeatable = 8;

// Of all fields as they are on the wire, less the sequence of the sender's own beacon.
std::uint64_t beacons_digest(const Beacons& beacons, const OriginId& sender);

class Repeats {
 public:
  // What to say in place of these Beacons: Still, or themselves.
  Frame say(base::TimePoint now, const OriginId& self, Beacons beacons);
  void heard(const OriginId& sender, const Beacons& beacons);
  // What the other side means; nothing when it means what was not heard here.
  std::optional<Beacons> meant(const OriginId& sender, const Still& still) const;

 private:
  std::uint64_t said_ = 0, heard_digest_ = 0;
  base::TimePoint whole_at_{};
  Beacons heard_;
};

}  // namespace discovery
