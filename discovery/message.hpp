// What agents say to each other, as plain values: Hello, Beacons, Still, Delta, Pull, Goodbye; and
// Verdicts, to leaves.
// docs/PROTOCOL.md tells when.
//
// Protobuf ends in discovery/rpc/wire; here there are only these. Every frame stands alone: it may
// be lost with its link, arrive late or twice, and must change nothing wrong then. Thread: values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/time.hpp"
#include "discovery/origin.hpp"
#include "discovery/proof.hpp"
#include "discovery/verdict.hpp"

namespace discovery {

inline constexpr std::uint32_t kProtocolVersion = 1;

// What one frame may carry: the sum of frame_bytes() over its rows. Writer and reader count alike;
// the share of each row keeps many tiny tombstones from growing to a multiple of it on the wire.
inline constexpr std::size_t kMaxFrameBytes = 256 * 1024;
inline constexpr std::size_t kBulkFrame = 4;       // times as much on a bulk stream
inline constexpr std::size_t kRowFrameBytes = 32;  // tags, lengths and version, rounded up
inline std::size_t frame_bytes(const Row& row) {
  return row.key.size() + row.value.size() + kRowFrameBytes;
}
inline constexpr std::size_t kMaxTextBytes = 512;  // Goodbye::text, longer is cut by the sender

inline constexpr std::uint64_t kFeatureStill = 1;   // reads Still
inline constexpr std::uint64_t kFeatureProof = 2;   // asks for proofs and passes them on
inline constexpr std::uint64_t kFeatureLeaves = 4;  // serves leaves
inline constexpr std::uint64_t kFeatureTurns = 16;  // reads two deltas whose parts take turns
inline constexpr std::uint64_t kFeatureBulk = 32;   // has bulk streams beside its links
inline constexpr std::uint64_t kFeatures =
    kFeatureStill | kFeatureProof | kFeatureLeaves | kFeatureTurns | kFeatureBulk;

// First on every stream, once, from both sides. Nothing else is heard before it.
struct Hello {
  std::uint32_t protocol_min = kProtocolVersion, protocol_max = kProtocolVersion;
  std::uint64_t features = 0;  // bits of what the sender understands; the rest is not said to it
  OriginId self;
  std::array<std::uint8_t, 16>
      instance{};      // random per process: tells a restart from a second link
  Stamp stamp;         // of the sender's own origin
  Stamp known_of_you;  // the highest this agent knows of the receiver's origin: a restarted agent
                       // without its disk learns here how far it must jump
  std::string advertise;  // host:port where the sender takes links; "" = it only dials
  base::Duration held{};  // for which the sender has had its replica number (slot.hpp)
  bool leaf = false;      // no origin: it follows an agent of the cluster in `self`
  friend bool operator==(const Hello&, const Hello&) = default;
};

// One origin's heartbeat, digest and staleness bound (gossip.md §4.3). `age` is the time since the
// origin spoke, as the sums of the times it lay with the agents it came through.
struct Beacon {
  OriginId origin;
  Stamp stamp;
  std::uint64_t sequence =
      0;  // grows with each beacon of this incarnation; 0 = none heard, only rows
  base::Hash128 state_hash;  // of the live rows and `stamp`
  base::Duration age{};
  bool missed = false;  // the sender does not hear this origin itself: who does, tell it
  friend bool operator==(const Beacon&, const Beacon&) = default;
};

// The sender's own, and of each other what is held and a later life that is remembered.
inline constexpr std::size_t kMaxBeacons = 2 * kMaxOrigins + 1;

// Which of the receiver's Beacons frames on this link the sender has read last, counted from 1, and
// how long before it made this one; no frame yet: 0.
struct Echo {
  std::uint32_t frames = 0;
  base::Duration held{};
  friend bool operator==(const Echo&, const Echo&) = default;
};

struct Beacons {
  std::vector<Beacon> beacons;
  Echo echo{};  // a Still says nothing of it and stands for none
  friend bool operator==(const Beacons&, const Beacons&) = default;
};

// All that the last Beacons on this link said holds still, but for the sender's own sequence.
struct Still {
  std::uint64_t digest = 0;  // of those Beacons (discovery/still.hpp)
  std::uint64_t sequence = 0;
  friend bool operator==(const Still&, const Still&) = default;
};

// Changes of one origin: those in (from, to]. Applies when the receiver stands at or after `from`
// in this incarnation. A snapshot replaces what the receiver has of the origin. What does not fit
// one frame goes in parts with the same incarnation, from and to; nothing of it counts before the
// last part, so that a receiver only ever shows states that the origin had.
struct Delta {
  OriginId origin;
  std::uint64_t incarnation = 0;
  std::uint64_t from = 0, to = 0;
  std::uint64_t gc_floor =
      0;  // the sender's: tombstones up to here are gone, `changes` cannot start below it
  base::Hash128 state_hash;  // of the live rows and the stamp at `to`: what does not lead there is
                             // not applied
  base::Duration age{};      // as in Beacon
  enum class Kind : std::uint8_t {
    changes,        // the only or last part; rows by rising version
    changes_part,   // more follows
    snapshot_part,  // more follows; no tombstones
    snapshot_end,   // the only or last part
  } kind = Kind::changes;
  std::vector<Row> rows;
  std::uint32_t part = 0;  // how many of the same delta went before: one alone is never taken for
                           // the whole
  Proof proof{};           // of state_hash; in the last part, where there is one
  friend bool operator==(const Delta&, const Delta&) = default;
};

// "Send me what you have of this origin after `have`": the answer to a beacon that shows a gap.
struct Pull {
  OriginId origin;
  Stamp have;
  friend bool operator==(const Pull&, const Pull&) = default;
};

// The sender stops on purpose. `returning`: a restart; hold its endpoints as they are (DESIGN §4).
// `taken`: refused, for another agent has that replica number; who may takes another.
struct Goodbye {
  enum class Reason : std::uint8_t { leaving, returning, refused, taken } reason = Reason::leaving;
  std::string
      text;  // for the log of the other side: "cluster west is already served by another identity"
  friend bool operator==(const Goodbye&, const Goodbye&) = default;
};

using Frame = std::variant<Hello, Beacons, Delta, Pull, Goodbye, Still, Verdicts>;

}  // namespace discovery
