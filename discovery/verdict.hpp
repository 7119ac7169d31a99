// What a home tells its leaves of an origin: how it judges it, and how both sides see that they
// agree.
//
// A leaf judges nobody by itself while its home is heard (docs/PROTOCOL.md §7). A verdict is told
// once and holds until the next one of the same origin; the digests are sums over what each side
// believes the leaf to have, so that one number a second finds whatever was lost. Thread: values
// and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "discovery/origin.hpp"

namespace discovery {

inline constexpr std::size_t kMaxFailedTold = 4'096;  // addresses in one verdict
inline constexpr std::size_t kMaxVerdictFrameBytes = 64 * 1024;
inline constexpr std::size_t kMaxVerdicts = 8'192;  // in one frame

struct Verdict {
  // Member::State, and `forgotten`: drop what you have of it.
  enum class State : std::uint8_t { fresh, suspect, stale, demoted, dead, returning, forgotten };
  OriginId origin;
  State state = State::fresh;
  std::uint64_t life = 0;  // the incarnation of the origin's newest word; 0: none
  bool left = false;       // dead by its own word
  // Since its newest word; nothing before any. Of a fresh one Verdicts::heard tells.
  std::optional<base::Duration> age;
  std::vector<base::SocketAddress> failed;  // endpoints that do not answer the home's probes
  bool taken = true;  // of its cluster's agents this one's rows are taken (replica_choice.hpp)
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// A frame from a home: what is new, and that the rest holds.
struct Verdicts {
  std::vector<Verdict> verdicts;
  base::Duration heard{};  // every origin called fresh has spoken within this time
  // Of what the leaf has when this frame has come, by the home's reckoning; 0 while more is owed.
  std::uint64_t digest = 0;
  bool synced = false;  // the home knows what there is to know
  friend bool operator==(const Verdicts&, const Verdicts&) = default;
};

// Summands of the digest: of what is held of an origin, and of what is thought of it (all but its
// age).
std::uint64_t digest_of(const OriginId& origin, Stamp held);
std::uint64_t digest_of(const Verdict& verdict);

std::size_t frame_bytes(const Verdict& verdict);

}  // namespace discovery
