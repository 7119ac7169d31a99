// One delta on its way to one link, cut into frames: what brings a receiver from where it stands to
// one state.
//
// It holds on to that state's rows while later changes go on (the rows are shared), so every part
// belongs to the same state however slowly the receiver reads. A link has at most one: its memory
// is a cursor and, for changes, a pointer per changed row, never more of them than
// kMaxChangesInTransfer: a longer way is a snapshot. Thread: control only.
#pragma once

#include <cstddef>
#include <vector>

#include "discovery/message.hpp"
#include "discovery/origin_state.hpp"

namespace discovery {

inline constexpr std::size_t kMaxChangesInTransfer = 16'384;

class Transfer {
 public:
  // From `have` to the state's stamp: changes where the state still knows them all, else a
  // snapshot.
  Transfer(const OriginId& origin, OriginState& state, Stamp have);

  const OriginId& origin() const { return header_.origin; }
  Stamp target() const { return {header_.incarnation, header_.to}; }
  bool is_snapshot() const { return snapshot_; }
  // The next part, at least one row of it; its age is for the caller to fill in.
  Delta next(std::size_t max_bytes);
  std::size_t held() const { return changes_.size() + rows_.chunks().size(); }
  bool done() const { return done_; }

 private:
  const Row* peek() const;
  void step();

  Delta header_;
  bool snapshot_ = false, done_ = false;
  std::vector<RowPointer> changes_;
  Rows rows_;
  std::size_t chunk_ = 0, row_ = 0;
};

}  // namespace discovery
