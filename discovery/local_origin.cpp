#include "discovery/local_origin.hpp"

#include <utility>

namespace discovery {

LocalOrigin::LocalOrigin(std::uint64_t last_incarnation, base::Random random,
                         std::size_t max_tombstones)
    : random_(random), state_(max_tombstones) {
  state_.restart(above(last_incarnation));
}

std::uint64_t LocalOrigin::above(std::uint64_t incarnation) {
  return ((incarnation >> kChanceBits) + 1) << kChanceBits | random_.below(1ull << kChanceBits);
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

LocalOrigin::Settled LocalOrigin::settle(const base::Bytes& key) {
  const auto* wanted = effective(key);
  const auto have = state_.find(key);
  if (!wanted && !have) return Settled::same;
  if (wanted && have && have->value == *wanted) return Settled::same;
  if (wanted && (state_.size() + (have ? 0 : 1) > kMaxRowsPerOrigin ||
                 state_.bytes() + key.size() + wanted->size() > kMaxBytesPerOrigin))
    return Settled::full;
  const auto version = state_.stamp().version + 1;
  state_.write(wanted ? Row{key, version, *wanted, false} : Row{key, version, {}, true});
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
  for (const auto& [key, value] : before)
    if (!at->second.contains(key) && settle(key) == Settled::changed) ++result.changed;
  for (const auto& [key, value] : at->second) {
    const auto settled = settle(key);
    if (settled == Settled::changed) ++result.changed;
    if (settled == Settled::full) result.refused.push_back(key + ": more than an origin may have");
  }
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
