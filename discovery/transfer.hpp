// One delta on its way to one link, cut into frames: what brings a receiver from where it stands to
// one state.
//
// It holds on to that state's rows while later changes go on (the rows are shared), so every part
// belongs to the same state however slowly the receiver reads. A link has at most one: its memory
// is a place in the rows and, for changes, an entry each, never more of them than an origin
// remembers. Thread: control only.
#pragma once

#include <cstddef>
#include <vector>

#include "discovery/message.hpp"
#include "discovery/origin_state.hpp"

namespace discovery {

class Transfer {
 public:
  // From `have` to `target`, which `state` is at or has been at: changes where it still knows them
  // all, else a snapshot.
  Transfer(const OriginId& origin, const OriginState& state, const Checkpoint& target, Stamp have);
  // That it would be a snapshot.
  static bool replaces(const OriginState& state, const Checkpoint& target, Stamp have);

  const OriginId& origin() const { return header_.origin; }
  Stamp target() const { return {header_.incarnation, header_.to}; }
  bool is_snapshot() const { return snapshot_; }
  // The next part, at least one row of it; its age is for the caller to fill in.
  Delta next(std::size_t max_bytes);
  std::size_t held() const { return 1 + changes_.size(); }
  bool done() const { return !ahead_; }

 private:
  std::optional<Row> step();

  Delta header_;
  bool snapshot_ = false;
  Checkpoint target_;
  Rows::Cursor cursor_;          // in its rows
  std::vector<Change> changes_;  // not of a snapshot
  std::size_t change_ = 0;
  std::optional<Row> ahead_;  // the first of the next part
};

}  // namespace discovery
