// What this agent holds of other origins, and the one rule by which it changes (gossip.md §4.3).
//
// Invariants: a state here is one its origin had; its stamp never goes back; a new life of an
// origin takes the place of the old one in one step, so there is no empty moment between them.
// Errors: a delta that does not apply changes nothing and says why.
// Thread: control only.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "discovery/limits.hpp"
#include "discovery/message.hpp"
#include "discovery/origin_state.hpp"

namespace discovery {

using LinkId = std::uint64_t;

enum class Applied : std::uint8_t {
  applied,    // the origin's state has moved
  part,       // kept for the parts to come
  stray,      // a part of what did not begin here, or not like this
  duplicate,  // nothing new
  proven,     // nothing new but the proof of what is held
  gap,        // starts after what we have: pull
  diverged,   // does not lead where it says: pull a snapshot
  unproven,   // a relay's, and its origin has not signed where it leads
  too_large,  // beyond what this agent takes of an origin
  malformed,  // breaks a limit of the protocol, or the order: the sender is at fault
};

// Deltas whose parts take turns on a link: one of much, another between its parts.
inline constexpr std::size_t kMaxUnderWay = 2;

// Breaks no order and no limit of docs/PROTOCOL.md §4 and §6; of parts, each alone.
bool well_formed(const Delta& delta);
// The same of a live row of a state whose version is `to`; and of all its rows together.
bool well_formed(const RowView& row, std::uint64_t to);
bool fits(const Rows& rows);

class Catalog {
 public:
  // `notary`: null where nothing is proven; it outlives this.
  explicit Catalog(std::size_t max_changes, Notary* notary = nullptr, const Limits& limits = {})
      : max_changes_(max_changes), notary_(notary), limits_(limits) {}

  enum class From : std::uint8_t { origin, relay };
  Applied apply(LinkId link, From from, Delta delta);
  // A state that was held before: false, and nothing changes, when one of the origin is held now.
  bool restore(const OriginId& origin, Stamp stamp, Rows rows);
  void link_lost(LinkId link);
  // What comes of it on this link is not wanted any more.
  void drop(LinkId link, const OriginId& origin) { parts_.erase({link, origin}); }
  // What thirds may be given of it: nothing ({0, 0}) that they would not believe.
  Checkpoint to_relay(const OriginState& state) const {
    return notary_ ? state.proven() : state.now();
  }

  OriginState* find(const OriginId& origin);
  const OriginState* find(const OriginId& origin) const;
  Stamp stamp(const OriginId& origin) const;
  void erase(const OriginId& origin) { states_.erase(origin); }
  std::map<OriginId, OriginState>& states() { return states_; }
  const std::map<OriginId, OriginState>& states() const { return states_; }

 private:
  struct Parts {
    Delta delta;              // the last part; of changes, with the rows of all
    Rows rows;                // of a snapshot, so far
    bool long_row = false;    // longer than is taken
    std::uint64_t moved = 0;  // when a part of it came last, in parts of all
  };
  Applied collect(LinkId link, From from, Delta delta, Parts& whole);
  void make_room(LinkId link);
  bool takes(const Parts& whole, const Rows& rows) const;
  bool is_proven(From from, const Delta& delta) const;
  Applied nothing_new(From from, const Delta& delta);
  Applied apply_changes(From from, Parts& whole);
  Applied apply_snapshot(From from, Parts& whole);

  std::size_t max_changes_;
  Notary* notary_;
  const Limits limits_;
  std::map<OriginId, OriginState> states_;
  std::map<std::pair<LinkId, OriginId>, Parts> parts_;  // kMaxUnderWay of a link
  std::uint64_t moves_ = 0;
};

}  // namespace discovery
