#include "discovery/origin_state.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/digest.hpp"
#include "base/result.hpp"

namespace discovery {

base::Hash128 state_hash(Stamp stamp, const Rows& rows) {
  base::DigestText<1 + 2 * 8 + 16> text('s');
  return base::digest({text.add(stamp.incarnation).add(stamp.version).add(rows.hash())});
}

OriginState::OriginState(Stamp stamp, Rows rows, std::size_t max_changes)
    : max_changes_(max_changes), stamp_(stamp), rows_(std::move(rows)), gc_floor_(stamp.version) {}

Checkpoint OriginState::now() const {
  return {stamp_, rows_, proven_.stamp == stamp_ ? proven_.proof : nullptr};
}

void OriginState::prove(Proof proof) {
  proven_ = {stamp_, rows_, std::make_shared<const Proof>(std::move(proof))};
}

std::vector<Change> OriginState::changes_since(std::uint64_t version,
                                               const Checkpoint& until) const {
  INVARIANT(version >= gc_floor_);
  std::vector<Change> changes;
  std::unordered_set<std::string_view> removed;
  for (auto at = changes_.rbegin(); at != changes_.rend() && at->version > version; ++at) {
    if (at->version > until.stamp.version) continue;
    const bool stands = at->is_tombstone()
                            ? !until.rows.find(at->removed) && removed.insert(at->removed).second
                            : until.rows.find(at->key_hash, at->version).has_value();
    if (stands) changes.push_back(*at);
  }
  std::reverse(changes.begin(), changes.end());
  return changes;
}

void OriginState::write(std::span<const Row> changes) {
  if (changes.empty()) return;
  INVARIANT(changes.front().version > stamp_.version);
  const auto hashes = key_hashes(changes);
  adopt(rows_.with(changes, hashes), changes, hashes, changes.back().version);
}

void OriginState::adopt(Rows rows, std::span<const Row> changes,
                        std::span<const std::uint64_t> hashes, std::uint64_t version) {
  rows_ = std::move(rows);
  stamp_.version = version;
  for (std::size_t n = 0; n < changes.size(); ++n) {
    const auto& row = changes[n];
    changes_.push_back(
        {row.version, row.removed ? 0 : hashes[n], row.removed ? row.key : base::Bytes()});
  }
  for (; changes_.size() > max_changes_; changes_.pop_front()) gc_floor_ = changes_.front().version;
}

void OriginState::restart(std::uint64_t incarnation) {
  stamp_.incarnation = incarnation;
  gc_floor_ = stamp_.version;
  changes_.clear();
  proven_ = {};
}

}  // namespace discovery
