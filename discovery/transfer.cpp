#include "discovery/transfer.hpp"

namespace discovery {

Transfer::Transfer(const OriginId& origin, const OriginState& state, Stamp have)
    : rows_(state.rows()), cursor_(rows_) {
  const auto stamp = state.stamp();
  header_.origin = origin;
  header_.incarnation = stamp.incarnation;
  header_.to = stamp.version;
  header_.gc_floor = state.gc_floor();
  header_.state_hash = state.hash();
  snapshot_ =
      have.incarnation != stamp.incarnation || have.version == 0 || have.version < state.gc_floor();
  if (!snapshot_) {
    header_.from = have.version;
    changes_ = state.changes_since(have.version);
  }
  ahead_ = step();
}

std::optional<Row> Transfer::step() {
  std::optional<RowView> row;
  if (snapshot_) {
    row = cursor_.next();
  } else if (change_ < changes_.size()) {
    const auto& change = changes_[change_++];
    if (change.is_tombstone()) return Row{change.removed, change.version, {}, true};
    row = rows_.find(change.key_hash, change.version);
  }
  return row ? std::optional(row->copy()) : std::nullopt;
}

Delta Transfer::next(std::size_t max_bytes) {
  auto part = header_;
  for (std::size_t bytes = 0; ahead_; ahead_ = step()) {
    bytes += frame_bytes(*ahead_);
    if (bytes > max_bytes && !part.rows.empty()) break;
    part.rows.push_back(std::move(*ahead_));
  }
  ++header_.part;
  using Kind = Delta::Kind;
  if (snapshot_)
    part.kind = done() ? Kind::snapshot_end : Kind::snapshot_part;
  else
    part.kind = done() ? Kind::changes : Kind::changes_part;
  return part;
}

}  // namespace discovery
