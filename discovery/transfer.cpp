#include "discovery/transfer.hpp"

namespace discovery {

Transfer::Transfer(const OriginId& origin, OriginState& state, Stamp have) {
  const auto stamp = state.stamp();
  header_.origin = origin;
  header_.incarnation = stamp.incarnation;
  header_.to = stamp.version;
  header_.gc_floor = state.gc_floor();
  header_.state_hash = state.hash();
  snapshot_ = have.incarnation != stamp.incarnation || have.version == 0 ||
              have.version < state.gc_floor() ||
              state.count_since(have.version, kMaxChangesInTransfer + 1) > kMaxChangesInTransfer;
  if (snapshot_) {
    rows_ = state.rows();
  } else {
    header_.from = have.version;
    changes_ = state.changes_since(have.version);
  }
}

const Row* Transfer::peek() const {
  if (!snapshot_) return row_ < changes_.size() ? changes_[row_].get() : nullptr;
  return chunk_ < rows_.chunks().size() ? rows_.chunks()[chunk_]->rows[row_].get() : nullptr;
}

void Transfer::step() {
  ++row_;
  if (snapshot_ && row_ == rows_.chunks()[chunk_]->rows.size()) {
    row_ = 0;
    ++chunk_;
  }
}

Delta Transfer::next(std::size_t max_bytes) {
  auto part = header_;
  std::size_t bytes = 0;
  for (const auto* row = peek(); row; row = peek()) {
    bytes += frame_bytes(*row);
    if (bytes > max_bytes && !part.rows.empty()) break;
    part.rows.push_back(*row);
    step();
  }
  done_ = peek() == nullptr;
  ++header_.part;
  using Kind = Delta::Kind;
  if (snapshot_)
    part.kind = done_ ? Kind::snapshot_end : Kind::snapshot_part;
  else
    part.kind = done_ ? Kind::changes : Kind::changes_part;
  return part;
}

}  // namespace discovery
