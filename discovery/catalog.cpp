#include "discovery/catalog.hpp"

#include <algorithm>
#include <iterator>

namespace discovery {
namespace {

using Kind = Delta::Kind;

bool is_snapshot(const Delta& delta) {
  return delta.kind == Kind::snapshot_part || delta.kind == Kind::snapshot_end;
}

bool is_part(const Delta& delta) {
  return delta.kind == Kind::changes_part || delta.kind == Kind::snapshot_part;
}

bool continues(const Delta& parts, const Delta& next) {
  return next.part == parts.part + 1 && parts.origin == next.origin &&
         parts.incarnation == next.incarnation && parts.from == next.from && parts.to == next.to &&
         is_snapshot(parts) == is_snapshot(next);
}

bool fits(const std::vector<Row>& rows) {
  std::size_t bytes = 0;
  for (const auto& row : rows) bytes += row.key.size() + row.value.size();
  return rows.size() <= kMaxRowsPerOrigin && bytes <= kMaxBytesPerOrigin;
}

}  // namespace

bool fits(const Rows& rows) {
  return rows.size() <= kMaxRowsPerOrigin && rows.bytes() <= kMaxBytesPerOrigin;
}

bool well_formed(const RowView& row, std::uint64_t to) {
  return !row.key.empty() && row.key.size() <= kMaxKeyBytes && row.version > 0 &&
         row.version <= to && row.key.size() + row.value.size() <= kMaxRowBytes;
}

bool well_formed(const Delta& delta) {
  if (delta.incarnation == 0 || delta.incarnation > kMaxIncarnation || delta.from > delta.to ||
      !fits(delta.rows) || delta.proof.signature.size() > kMaxSignatureBytes ||
      delta.proof.certificate.size() > kMaxCertificateBytes)
    return false;
  const bool snapshot = is_snapshot(delta);
  if (snapshot ? delta.from != 0 : delta.from < delta.gc_floor) return false;
  auto before = delta.from;
  for (const auto& row : delta.rows) {
    if (!well_formed({row.key, row.value, row.version}, delta.to)) return false;
    if (row.removed && !row.value.empty()) return false;
    if (snapshot ? row.removed : row.version <= before) return false;
    before = row.version;
  }
  return true;
}

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

// Joins a frame to the parts before it on this link; `applied` when they are whole.
Applied Catalog::collect(LinkId link, From from, Delta delta, Parts& whole) {
  const std::pair place(link, delta.origin);
  auto before = parts_.extract(place);
  if (delta.part == 0) {
    whole = Parts{};
  } else {
    if (before.empty() || !continues(before.mapped().delta, delta)) return Applied::stray;
    whole = std::move(before.mapped());
  }
  whole.long_row |= std::any_of(delta.rows.begin(), delta.rows.end(), [&](const Row& row) {
    return row.key.size() + row.value.size() > limits_.row_bytes;
  });
  auto rows = std::move(whole.delta.rows);
  whole.delta = std::move(delta);
  if (is_snapshot(whole.delta)) {
    whole.rows = whole.rows.with(whole.delta.rows);
    whole.delta.rows.clear();
  } else {
    std::move(whole.delta.rows.begin(), whole.delta.rows.end(), std::back_inserter(rows));
    whole.delta.rows = std::move(rows);
  }
  if (!fits(whole.rows) || !fits(whole.delta.rows)) return Applied::malformed;
  // A relay's word is no reason yet: its origin may not have said so.
  if (from == From::origin && !takes(whole, whole.rows)) return Applied::too_large;
  if (!is_part(whole.delta)) return Applied::applied;
  make_room(link);
  whole.moved = ++moves_;
  parts_.emplace(place, std::move(whole));
  return Applied::part;
}

// A sender has no more under way than this: the end of the one that lay still longest was lost.
void Catalog::make_room(LinkId link) {
  std::size_t count = 0;
  auto stillest = parts_.end();
  for (auto at = parts_.lower_bound({link, {}}); at != parts_.end() && at->first.first == link;
       ++at, ++count)
    if (stillest == parts_.end() || at->second.moved < stillest->second.moved) stillest = at;
  if (count >= kMaxUnderWay) parts_.erase(stillest);
}

void Catalog::link_lost(LinkId link) {
  std::erase_if(parts_, [&](const auto& parts) { return parts.first.first == link; });
}

Applied Catalog::apply(LinkId link, From from, Delta delta) {
  if (!well_formed(delta)) {
    link_lost(link);
    return Applied::malformed;
  }
  Parts whole;
  if (const auto joined = collect(link, from, std::move(delta), whole); joined != Applied::applied)
    return joined;
  if (!well_formed(whole.delta)) return Applied::malformed;
  if (!notary_) whole.delta.proof = {};
  return is_snapshot(whole.delta) ? apply_snapshot(from, whole) : apply_changes(from, whole);
}

bool Catalog::restore(const OriginId& origin, Stamp stamp, Rows rows) {
  return states_.try_emplace(origin, stamp, std::move(rows), max_changes_).second;
}

bool Catalog::takes(const Parts& whole, const Rows& rows) const {
  return !whole.long_row && rows.size() <= limits_.rows && rows.bytes() <= limits_.bytes;
}

// A link proves what its origin says on it; of others only the origin's signature counts.
bool Catalog::is_proven(From from, const Delta& delta) const {
  return from == From::origin || !notary_ ||
         proves(*notary_, delta.proof, delta.origin, delta.state_hash);
}

// An origin signs a state after it has told of it, and no disk keeps proofs: this one follows alone.
Applied Catalog::nothing_new(From from, const Delta& delta) {
  auto* state = find(delta.origin);
  const bool late = !delta.proof.empty() && delta.state_hash == state->hash() &&
                    (from == From::origin || state->proven().stamp != state->stamp());
  if (!late) return Applied::duplicate;
  if (!is_proven(from, delta)) return Applied::unproven;
  state->prove(delta.proof);
  return Applied::proven;
}

Applied Catalog::apply_changes(From from, Parts& whole) {
  auto& delta = whole.delta;
  auto* state = find(delta.origin);
  const auto mine = state ? state->stamp() : Stamp{};
  const Stamp target{delta.incarnation, delta.to};
  if (target <= mine) return nothing_new(from, delta);
  if (!state || delta.incarnation != mine.incarnation || delta.from > mine.version)
    return Applied::gap;
  std::erase_if(delta.rows, [&](const Row& row) { return row.version <= mine.version; });
  const auto hashes = key_hashes(delta.rows);
  auto next = state->rows().with(delta.rows, hashes);
  if (state_hash(target, next) != delta.state_hash) return Applied::diverged;
  if (!is_proven(from, delta)) return Applied::unproven;
  if (!fits(next)) return Applied::malformed;
  if (!takes(whole, next)) return Applied::too_large;
  state->adopt(std::move(next), delta.rows, hashes, delta.to);
  if (!delta.proof.empty()) state->prove(std::move(delta.proof));
  return Applied::applied;
}

Applied Catalog::apply_snapshot(From from, Parts& whole) {
  auto& delta = whole.delta;
  const Stamp stamp{delta.incarnation, delta.to};
  const auto* mine = find(delta.origin);
  // At the same stamp a snapshot mends a copy that differs, and only the origin may say which one
  // is right.
  const bool mends =
      mine && stamp == mine->stamp() && from == From::origin && delta.state_hash != mine->hash();
  if (mine && stamp <= mine->stamp() && !mends) return nothing_new(from, delta);
  if (state_hash(stamp, whole.rows) != delta.state_hash) return Applied::diverged;
  if (!is_proven(from, delta)) return Applied::unproven;
  if (!takes(whole, whole.rows)) return Applied::too_large;
  OriginState next(stamp, std::move(whole.rows), max_changes_);
  if (!delta.proof.empty())
    next.prove(std::move(delta.proof));
  else if (mine && mine->proven().stamp < stamp)
    next.keep_proven(mine->proven());
  states_.insert_or_assign(delta.origin, std::move(next));
  return Applied::applied;
}

}  // namespace discovery
