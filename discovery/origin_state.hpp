// The state of one origin at one stamp: its live rows, what changed when, and the hash that proves
// two copies equal.
//
// Invariant: `hash` is the sum of row_hash over the live rows; each version belongs to at most one
// row or tombstone; every change after gc_floor is in the index, so changes_since() answers in
// O(changed). Tombstones are a cache, bounded by count: who stands below gc_floor needs a snapshot
// (gossip.md D6). Thread: control only.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "discovery/origin.hpp"
#include "discovery/row_table.hpp"

namespace discovery {

inline constexpr std::size_t kMaxTombstones = 4'096;  // per origin

base::Hash128 row_hash(const Row& row);

class OriginState {
 public:
  explicit OriginState(std::size_t max_tombstones = kMaxTombstones)
      : max_tombstones_(max_tombstones) {}
  // Of a snapshot: what was removed before `stamp` is not known, so gc_floor is its version.
  OriginState(Stamp stamp, std::vector<Row> rows, std::size_t max_tombstones);

  Stamp stamp() const { return stamp_; }
  base::Hash128 hash() const { return hash_; }
  std::uint64_t gc_floor() const { return gc_floor_; }
  std::size_t size() const { return table_.size(); }
  std::size_t bytes() const { return bytes_; }  // keys and values of the live rows
  std::size_t tombstones() const { return tombstones_.size(); }
  Rows rows() { return table_.rows(); }
  RowPointer find(std::string_view key) const { return table_.find(key); }

  // No two rows share a version: a snapshot that says otherwise is no state of any origin.
  bool consistent() const { return by_version_.size() == table_.size() + tombstones_.size(); }

  // Rows and tombstones after `version`, rising; `version` must not be below gc_floor.
  std::vector<RowPointer> changes_since(std::uint64_t version) const;
  std::size_t count_since(std::uint64_t version, std::size_t at_most) const;
  // What the hash would be with these changes made. Keys must differ.
  base::Hash128 hash_with(const std::vector<Row>& changes) const;
  // Makes a change; its version must be above the stamp's and becomes it.
  void write(Row change);
  void advance(std::uint64_t version) { stamp_.version = version; }
  // The same rows in a new life: nobody can go on from the old one's versions.
  void restart(std::uint64_t incarnation);

 private:
  void count_in(const Row& row);
  void count_out(const Row& row);
  void bury(const RowPointer& tombstone);

  std::size_t max_tombstones_;
  Stamp stamp_;
  base::Hash128 hash_;
  std::size_t bytes_ = 0;
  std::uint64_t gc_floor_ = 0;
  RowTable table_;
  std::map<std::uint64_t, RowPointer> by_version_;        // live rows and tombstones
  std::map<std::string_view, std::uint64_t> tombstones_;  // version by key; the key is the row's
};

}  // namespace discovery
