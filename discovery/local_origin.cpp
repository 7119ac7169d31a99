#include "discovery/local_origin.hpp"

#include <algorithm>
#include <ranges>
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
  for (const auto& [name, source] : sources_)
    if (const auto at = source.listed.find(key); at != source.listed.end()) return &at->second;
  for (const auto& [name, source] : sources_)
    if (const auto* held = source.hold.find(key)) return held;
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

std::size_t LocalOrigin::settle(const std::vector<base::Bytes>& keys) {
  Batch batch{{}, state_.size(), state_.bytes()};
  for (const auto& key : keys) settle(key, batch);
  state_.write(batch.changes);
  return batch.changes.size();
}

namespace {

// Whether a row may be one; those that may not are named.
bool fits(const EncodedRow& row, std::vector<std::string>& refused) {
  if (!row.key.empty() && row.key.size() <= kMaxKeyBytes &&
      row.key.size() + row.value.size() <= kMaxRowBytes)
    return true;
  refused.push_back(row.key.substr(0, kMaxKeyBytes) + ": larger than a row may be");
  return false;
}

}  // namespace

LocalOrigin::Source& LocalOrigin::source(std::string_view name) {
  const auto at = sources_.find(name);
  return at == sources_.end() ? sources_.emplace(std::string(name), Source{}).first->second
                              : at->second;
}

template <class Keys>
void LocalOrigin::settle(Source& source, const std::vector<base::Bytes>& gone, const Keys& listed,
                         Replaced& result) {
  Batch batch{{}, state_.size(), state_.bytes()};
  for (const auto& key : gone) {
    source.waiting.erase(key);
    settle(key, batch);
  }
  for (const auto& key : listed) {
    if (settle(key, batch) != Settled::full) {
      source.waiting.erase(key);
      continue;
    }
    source.waiting.insert(key);
    result.refused.push_back(key + ": more than an origin may have");
  }
  state_.write(batch.changes);
  result.changed = batch.changes.size();
}

LocalOrigin::Replaced LocalOrigin::replace(base::TimePoint now, const NodeConfig& config,
                                           std::string_view name, std::vector<EncodedRow> rows,
                                           Listing listing) {
  Replaced result;
  RelistHold::Listed next;
  for (auto& row : rows)
    if (fits(row, result.refused)) next.insert_or_assign(std::move(row.key), std::move(row.value));
  auto& from = source(name);
  const auto before = std::exchange(from.listed, std::move(next));
  const bool held = !from.hold.empty();
  result.held = from.hold.replaced(now, config, before, from.listed, listing);
  result.hold_ended = held && from.hold.empty();
  std::vector<base::Bytes> gone;
  for (const auto& [key, value] : before)
    if (!from.listed.contains(key)) gone.push_back(key);
  settle(from, gone, std::views::keys(from.listed), result);
  return result;
}

LocalOrigin::Replaced LocalOrigin::change(std::string_view name, RowChanges changes) {
  Replaced result;
  auto& from = source(name);
  std::set<base::Bytes> written = from.waiting;
  for (auto& row : changes.written) {
    if (fits(row, result.refused)) {
      written.insert(row.key);
      from.listed.insert_or_assign(std::move(row.key), std::move(row.value));
    } else {
      changes.gone.push_back(std::move(row.key));
    }
  }
  for (const auto& key : changes.gone) from.listed.erase(key), written.erase(key);
  const bool held = !from.hold.empty();
  from.hold.listed(written);
  result.hold_ended = held && from.hold.empty();
  settle(from, changes.gone, written, result);
  return result;
}

LocalOrigin::Tended LocalOrigin::tend(base::TimePoint now, const NodeConfig& config) {
  Tended tended;
  for (auto& [name, source] : sources_) {
    if (source.hold.empty()) continue;
    tended.changed += settle(source.hold.expire(now));
    if (source.hold.empty()) tended.ended.push_back(name);
    if (auto round = source.hold.begin(now, config, kHeldRound | ++rounds_))
      tended.probes.push_back(std::move(*round));
  }
  return tended;
}

LocalOrigin::Tended LocalOrigin::release(std::string_view named) {
  Tended tended;
  for (auto& [name, source] : sources_) {
    if (source.hold.empty() || (!named.empty() && name != named)) continue;
    tended.changed += settle(source.hold.release());
    tended.ended.push_back(name);
  }
  return tended;
}

std::size_t LocalOrigin::probed(const ProbeReply& reply) {
  std::size_t changed = 0;
  for (auto& [name, source] : sources_) changed += settle(source.hold.answered(reply));
  return changed;
}

std::vector<Hold> LocalOrigin::holds(base::TimePoint now) const {
  std::vector<Hold> holds;
  for (const auto& [name, source] : sources_) {
    if (source.hold.empty()) continue;
    holds.push_back(source.hold.status(now));
    holds.back().source = name;
  }
  return holds;
}

bool LocalOrigin::holds(std::string_view name) const {
  const auto at = sources_.find(name);
  return at != sources_.end() && !at->second.hold.empty();
}

base::TimePoint LocalOrigin::deadline() const {
  auto next = base::TimePoint::max();
  for (const auto& [name, source] : sources_) next = std::min(next, source.hold.deadline());
  return next;
}

void LocalOrigin::forgive(base::Duration stall) {
  for (auto& [name, source] : sources_) source.hold.forgive(stall);
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
