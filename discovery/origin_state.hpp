// The state of one origin at one stamp: its live rows and what changed last.
//
// Invariant: every change after gc_floor is in the list, so changes_since() answers in O(changed).
// The list is a cache, bounded by count: who stands below gc_floor needs a snapshot, which needs no
// tombstones (gossip.md D6). Thread: control only; rows() may go anywhere.
#pragma once

#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "discovery/proof.hpp"
#include "discovery/rows.hpp"

namespace discovery {

inline constexpr std::size_t kMaxChanges = 4'096;  // remembered of an origin

// Which row a version wrote or removed.
struct Change {
  std::uint64_t version = 0, key_hash = 0;
  base::Bytes removed;  // the key, of a tombstone

  bool is_tombstone() const { return !removed.empty(); }
};

// What peers are told: it proves the rows and the stamp alike, so that no state is taken for
// another.
base::Hash128 state_hash(Stamp stamp, const Rows& rows);

// One state, held while later changes go on: the rows are shared.
struct Checkpoint {
  Stamp stamp;  // {0, 0}: none
  Rows rows;
  std::shared_ptr<const Proof> proof;  // null: none

  base::Hash128 hash() const { return state_hash(stamp, rows); }
};

class OriginState {
 public:
  explicit OriginState(std::size_t max_changes = kMaxChanges) : max_changes_(max_changes) {}
  // Of a snapshot: what changed before `stamp` is not known, so gc_floor is its version.
  OriginState(Stamp stamp, Rows rows, std::size_t max_changes);

  Stamp stamp() const { return stamp_; }
  const Rows& rows() const { return rows_; }
  base::Hash128 hash() const { return state_hash(stamp_, rows_); }
  std::size_t size() const { return rows_.size(); }
  std::size_t bytes() const { return rows_.bytes(); }  // keys and values of the live rows
  std::uint64_t gc_floor() const { return gc_floor_; }

  Checkpoint now() const;
  // The newest state that a proof has come for: what thirds may be given.
  const Checkpoint& proven() const { return proven_; }
  void prove(Proof proof);  // the state as it is now
  void keep_proven(Checkpoint earlier) { proven_ = std::move(earlier); }

  // The last change of each key after `version`, rising, up to a state of this life; `version` must
  // not be below gc_floor.
  std::vector<Change> changes_since(std::uint64_t version, const Checkpoint& until) const;
  // Makes changes whose versions rise above the stamp's; the last becomes it.
  void write(std::span<const Row> changes);
  // The same where the caller has made the rows already, up to `version`.
  void adopt(Rows rows, std::span<const Row> changes, std::span<const std::uint64_t> key_hashes,
             std::uint64_t version);
  void advance(std::uint64_t version) { stamp_.version = version; }
  // The same rows in a new life: nobody can go on from the old one's versions, or proof.
  void restart(std::uint64_t incarnation);

 private:
  std::size_t max_changes_;
  Stamp stamp_;
  Rows rows_;
  std::uint64_t gc_floor_ = 0;
  std::deque<Change> changes_;  // by rising version; some have been written over since
  Checkpoint proven_;
};

}  // namespace discovery
