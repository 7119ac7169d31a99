#include "discovery/catalog.hpp"

#include <iterator>

namespace discovery {
namespace {

using Kind = Delta::Kind;

bool within_limits(const Row& row, std::uint64_t to) {
  return !row.key.empty() && row.key.size() <= kMaxKeyBytes && row.version > 0 &&
         row.version <= to && row.key.size() + row.value.size() <= kMaxRowBytes &&
         (!row.removed || row.value.empty());
}

bool well_formed(const Delta& delta) {
  if (delta.incarnation == 0 || delta.incarnation > kMaxIncarnation || delta.from > delta.to ||
      delta.rows.size() > kMaxRowsPerOrigin)
    return false;
  const bool snapshot = delta.kind == Kind::snapshot_part || delta.kind == Kind::snapshot_end;
  if (snapshot ? delta.from != 0 : delta.from < delta.gc_floor) return false;
  const Row* before = nullptr;
  for (const auto& row : delta.rows) {
    if (!within_limits(row, delta.to)) return false;
    if (snapshot ? row.removed : row.version <= delta.from) return false;
    if (before && (snapshot ? row.key <= before->key : row.version <= before->version))
      return false;
    before = &row;
  }
  return true;
}

bool is_part(const Delta& delta) {
  return delta.kind == Kind::changes_part || delta.kind == Kind::snapshot_part;
}

bool continues(const Delta& parts, const Delta& next) {
  const auto whole = next.kind == Kind::changes        ? Kind::changes_part
                     : next.kind == Kind::snapshot_end ? Kind::snapshot_part
                                                       : next.kind;
  return next.part == parts.part + 1 && parts.origin == next.origin &&
         parts.incarnation == next.incarnation && parts.from == next.from && parts.to == next.to &&
         parts.kind == whole;
}

std::size_t size_of(const std::vector<Row>& rows) {
  std::size_t bytes = 0;
  for (const auto& row : rows) bytes += row.key.size() + row.value.size();
  return bytes;
}

bool fits(const OriginState& state, const std::vector<Row>& changes) {
  std::size_t added = 0;
  for (const auto& row : changes) added += !row.removed && !state.find(row.key) ? 1 : 0;
  return state.size() + added <= kMaxRowsPerOrigin &&
         state.bytes() + size_of(changes) <= kMaxBytesPerOrigin;
}

}  // namespace

OriginState* Catalog::find(const OriginId& origin) {
  const auto at = states_.find(origin);
  return at == states_.end() ? nullptr : &at->second;
}

const OriginState* Catalog::find(const OriginId& origin) const {
  const auto at = states_.find(origin);
  return at == states_.end() ? nullptr : &at->second;
}

Stamp Catalog::stamp(const OriginId& origin) const {
  const auto* state = find(origin);
  return state ? state->stamp() : Stamp{};
}

// Joins a frame to the parts before it on this link; `applied` when `delta` is whole.
Applied Catalog::collect(LinkId link, Delta& delta) {
  const auto at = parts_.find(link);
  if (delta.part > 0) {
    if (at == parts_.end()) return Applied::stray;
    auto& parts = at->second;
    if (!continues(parts.delta, delta)) {
      parts_.erase(at);
      return Applied::stray;
    }
    parts.bytes += size_of(delta.rows);
    if (parts.bytes > kMaxPartsBytes ||
        parts.delta.rows.size() + delta.rows.size() > kMaxRowsPerOrigin) {
      parts_.erase(at);
      return Applied::malformed;
    }
    std::move(delta.rows.begin(), delta.rows.end(), std::back_inserter(parts.delta.rows));
    parts.delta.part = delta.part;
    if (is_part(delta)) return Applied::part;
    delta.rows = std::move(parts.delta.rows);
    parts_.erase(at);
    return Applied::applied;
  }
  if (at != parts_.end()) parts_.erase(at);
  if (!is_part(delta)) return Applied::applied;
  const auto bytes = size_of(delta.rows);
  parts_.emplace(link, Parts{std::move(delta), bytes});
  return Applied::part;
}

Applied Catalog::apply(LinkId link, From from, Delta delta) {
  if (!well_formed(delta)) {
    parts_.erase(link);
    return Applied::malformed;
  }
  if (const auto joined = collect(link, delta); joined != Applied::applied) return joined;
  if (!well_formed(delta)) return Applied::malformed;
  return delta.kind == Kind::changes ? apply_changes(delta) : apply_snapshot(from, delta);
}

Applied Catalog::apply_changes(Delta& delta) {
  auto* state = find(delta.origin);
  const auto mine = state ? state->stamp() : Stamp{};
  if (Stamp{delta.incarnation, delta.to} <= mine) return Applied::duplicate;
  if (!state || delta.incarnation != mine.incarnation || delta.from > mine.version)
    return Applied::gap;
  std::erase_if(delta.rows, [&](const Row& row) { return row.version <= mine.version; });
  if (state->hash_with(delta.rows) != delta.state_hash) return Applied::diverged;
  if (!fits(*state, delta.rows)) return Applied::malformed;
  for (auto& row : delta.rows) state->write(std::move(row));
  state->advance(delta.to);
  return Applied::applied;
}

Applied Catalog::apply_snapshot(From from, Delta& delta) {
  const Stamp stamp{delta.incarnation, delta.to};
  const auto* mine = find(delta.origin);
  // At the same stamp a snapshot mends a copy that differs, and only the origin may say which one
  // is right.
  const bool mends =
      mine && stamp == mine->stamp() && from == From::origin && delta.state_hash != mine->hash();
  if (mine && stamp <= mine->stamp() && !mends) return Applied::duplicate;
  OriginState next(stamp, std::move(delta.rows), max_tombstones_);
  if (next.hash() != delta.state_hash) return Applied::diverged;
  if (!next.consistent()) return Applied::malformed;
  states_.insert_or_assign(delta.origin, std::move(next));
  return Applied::applied;
}

}  // namespace discovery
