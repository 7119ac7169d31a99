#include "discovery/local_origin.hpp"

#include <utility>

namespace discovery {

LocalOrigin::LocalOrigin(std::uint64_t last_incarnation, base::Random random,
                         std::size_t max_changes)
    : random_(random), state_(max_changes) {
  state_.restart(above(last_incarnation));
}

std::uint64_t LocalOrigin::above(std::uint64_t incarnation) {
  return next_life(incarnation) | random_.below(1ull << kChanceBits);
}

void LocalOrigin::set_ready() {
  ready_ = true;
  if (state_.stamp().version == 0) state_.advance(1);  // nothing is a state too; version 0 is not
}

const base::Bytes* LocalOrigin::effective(std::string_view key) const {
  for (const auto& [name, desired] : sources_)
    if (const auto at = desired.find(key); at != desired.end()) return &at->second;
  return nullptr;
}

LocalOrigin::Settled LocalOrigin::settle(const base::Bytes& key, Batch& batch) const {
  const auto* wanted = effective(key);
  const auto have = state_.rows().find(key);
  if (!wanted && !have) return Settled::same;
  if (wanted && have && have->value == *wanted) return Settled::same;
  const auto rows = batch.rows + (wanted ? 1 : 0) - (have ? 1 : 0);
  const auto bytes = batch.bytes + (wanted ? key.size() + wanted->size() : 0) -
                     (have ? key.size() + have->value.size() : 0);
  if (wanted && (rows > kMaxRowsPerOrigin || bytes > kMaxBytesPerOrigin)) return Settled::full;
  batch.rows = rows;
  batch.bytes = bytes;
  const auto version = state_.stamp().version + batch.changes.size() + 1;
  batch.changes.push_back(wanted ? Row{key, version, *wanted, false} : Row{key, version, {}, true});
  return Settled::changed;
}

LocalOrigin::Replaced LocalOrigin::replace(std::string_view source, std::vector<EncodedRow> rows) {
  Replaced result;
  Desired next;
  for (auto& row : rows) {
    const bool fits = !row.key.empty() && row.key.size() <= kMaxKeyBytes &&
                      row.key.size() + row.value.size() <= kMaxRowBytes;
    if (fits)
      next.insert_or_assign(std::move(row.key), std::move(row.value));
    else
      result.refused.push_back(row.key.substr(0, kMaxKeyBytes) + ": larger than a row may be");
  }
  auto at = sources_.find(source);
  if (at == sources_.end()) at = sources_.emplace(std::string(source), Desired{}).first;
  const auto before = std::exchange(at->second, std::move(next));
  Batch batch{{}, state_.size(), state_.bytes()};
  for (const auto& [key, value] : before)
    if (!at->second.contains(key)) settle(key, batch);
  for (const auto& [key, value] : at->second)
    if (settle(key, batch) == Settled::full)
      result.refused.push_back(key + ": more than an origin may have");
  state_.write(batch.changes);
  result.changed = batch.changes.size();
  return result;
}

bool LocalOrigin::refute(Stamp claimed) {
  const auto mine = state_.stamp();
  if (claimed.incarnation > kMaxIncarnation || claimed <= mine) return false;
  const auto next = above(claimed.incarnation);
  if (next > kMaxIncarnation) return false;
  state_.restart(next);
  return true;
}

}  // namespace discovery
