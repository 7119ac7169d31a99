#include "discovery/origin_state.hpp"

#include "base/result.hpp"

namespace discovery {

base::Hash128 row_hash(const Row& row) {
  return base::hash128(base::as_span(row.value), base::hash64(row.key, row.version));
}

OriginState::OriginState(Stamp stamp, std::vector<Row> rows, std::size_t max_tombstones)
    : max_tombstones_(max_tombstones), stamp_(stamp), gc_floor_(stamp.version) {
  for (auto& row : rows) {
    count_in(row);
    auto shared = std::make_shared<const Row>(std::move(row));
    by_version_.emplace(shared->version, shared);
    table_.put(std::move(shared));
  }
}

std::vector<RowPointer> OriginState::changes_since(std::uint64_t version) const {
  CHECK(version >= gc_floor_);
  std::vector<RowPointer> changes;
  for (auto at = by_version_.upper_bound(version); at != by_version_.end(); ++at)
    changes.push_back(at->second);
  return changes;
}

std::size_t OriginState::count_since(std::uint64_t version, std::size_t at_most) const {
  std::size_t count = 0;
  for (auto at = by_version_.upper_bound(version); at != by_version_.end() && count < at_most; ++at)
    ++count;
  return count;
}

base::Hash128 OriginState::hash_with(const std::vector<Row>& changes) const {
  auto hash = hash_;
  for (const auto& change : changes) {
    if (const auto old = table_.find(change.key)) hash -= row_hash(*old);
    if (!change.removed) hash += row_hash(change);
  }
  return hash;
}

void OriginState::write(Row change) {
  CHECK(change.version > stamp_.version);
  stamp_.version = change.version;
  const auto row = std::make_shared<const Row>(std::move(change));
  if (const auto buried = tombstones_.find(row->key); buried != tombstones_.end()) {
    const auto version = buried->second;  // the key's bytes die with the tombstone
    tombstones_.erase(buried);
    by_version_.erase(version);
  }
  if (const auto old = row->removed ? table_.erase(row->key) : table_.put(row)) {
    count_out(*old);
    by_version_.erase(old->version);
  }
  if (!row->removed) count_in(*row);
  by_version_.emplace(row->version, row);
  if (row->removed) bury(row);
}

void OriginState::count_in(const Row& row) {
  hash_ += row_hash(row);
  bytes_ += row.key.size() + row.value.size();
}

void OriginState::count_out(const Row& row) {
  hash_ -= row_hash(row);
  bytes_ -= row.key.size() + row.value.size();
}

void OriginState::bury(const RowPointer& tombstone) {
  tombstones_.emplace(tombstone->key, tombstone->version);
  if (tombstones_.size() <= max_tombstones_) return;
  // The oldest half goes at once: a search per removal would cost more than it keeps.
  for (auto at = by_version_.begin();
       at != by_version_.end() && tombstones_.size() > max_tombstones_ / 2;) {
    if (at->second->removed) {
      gc_floor_ = at->first;
      tombstones_.erase(at->second->key);
      at = by_version_.erase(at);
    } else {
      ++at;
    }
  }
}

void OriginState::restart(std::uint64_t incarnation) {
  stamp_.incarnation = incarnation;
  gc_floor_ = stamp_.version;
  for (const auto& [key, version] : tombstones_) by_version_.erase(version);
  tombstones_.clear();
}

}  // namespace discovery
