#include "discovery/transfer.hpp"

#include <algorithm>

namespace discovery {

Transfer::Transfer(const OriginId& origin, const OriginState& state, const Checkpoint& target,
                   Stamp have)
    : target_(target), cursor_(target_.rows) {
  const auto stamp = target.stamp;
  const bool same_life = stamp.incarnation == state.stamp().incarnation;
  header_.origin = origin;
  header_.incarnation = stamp.incarnation;
  header_.to = stamp.version;
  header_.gc_floor = same_life ? std::min(state.gc_floor(), stamp.version) : stamp.version;
  header_.state_hash = target.hash();
  snapshot_ = replaces(state, target, have);
  if (!snapshot_) {
    header_.from = have.version;
    changes_ = state.changes_since(have.version, target_);
  }
  ahead_ = step();
}

bool Transfer::replaces(const OriginState& state, const Checkpoint& target, Stamp have) {
  const auto life = target.stamp.incarnation;
  return have.incarnation != life || have.version == 0 || life != state.stamp().incarnation ||
         have.version < state.gc_floor();
}

std::optional<Row> Transfer::step() {
  std::optional<RowView> row;
  if (snapshot_) {
    row = cursor_.next();
  } else if (change_ < changes_.size()) {
    const auto& change = changes_[change_++];
    if (change.is_tombstone()) return Row{change.removed, change.version, {}, true};
    row = target_.rows.find(change.key_hash, change.version);
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
  if (done() && target_.proof) part.proof = *target_.proof;
  using Kind = Delta::Kind;
  if (snapshot_)
    part.kind = done() ? Kind::snapshot_end : Kind::snapshot_part;
  else
    part.kind = done() ? Kind::changes : Kind::changes_part;
  return part;
}

}  // namespace discovery
