#include "discovery/local_origin.hpp"

#include <algorithm>
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

LocalOrigin::Wanted LocalOrigin::wanted(const ListedRows::Key& key) {
  for (auto& [name, source] : sources_) {
    if (const auto* value = source.listed.aside(key.text)) return {&source.listed, value};
    if (source.listed.is_published(key)) return {&source.listed, nullptr};
  }
  for (const auto& [name, source] : sources_)
    if (const auto* held = source.hold.find(key.text)) return {nullptr, held};
  return {};
}

void LocalOrigin::take_place(const ListedRows::Key& key, const Wanted& wanted,
                             std::string_view before) {
  if (wanted.from) wanted.from->publish(key);
  for (auto& [name, source] : sources_)
    if (&source.listed != wanted.from) source.listed.yield(key, before);
}

LocalOrigin::Settled LocalOrigin::settle(const base::Bytes& text, Batch& batch) {
  const ListedRows::Key key(text);
  const auto wanted = this->wanted(key);
  const auto have = state_.rows().find(text);
  if (wanted.from ? !wanted.value : !wanted.value && !have) return Settled::same;
  if (wanted.value && have && have->value == *wanted.value) {
    if (wanted.from) wanted.from->publish(key);
    return Settled::same;
  }
  const auto rows = batch.rows + (wanted.value ? 1 : 0) - (have ? 1 : 0);
  const auto bytes = batch.bytes + (wanted.value ? text.size() + wanted.value->size() : 0) -
                     (have ? text.size() + have->value.size() : 0);
  if (wanted.value && (rows > kMaxRowsPerOrigin || bytes > kMaxBytesPerOrigin))
    return Settled::full;
  batch.rows = rows;
  batch.bytes = bytes;
  const auto version = state_.stamp().version + batch.changes.size() + 1;
  batch.changes.push_back(wanted.value ? Row{text, version, *wanted.value, false}
                                       : Row{text, version, {}, true});
  take_place(key, wanted, have ? have->value : std::string_view());
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

void LocalOrigin::settle(Source& source, const std::vector<base::Bytes>& gone,
                         const std::vector<base::Bytes>& listed, Replaced& result) {
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
  std::erase_if(rows, [&](const EncodedRow& row) { return !fits(row, result.refused); });
  auto& from = source(name);
  std::vector<base::Bytes> gone, listed;
  {
    const auto state = state_.rows();  // where texts lie
    RelistHold::Listed before, after;
    for (const auto& digest : from.listed.all_published())
      if (const auto row = state.find(digest)) before.emplace(row->key, row->value);
    for (const auto& [key, value] : from.listed.all_aside()) before.emplace(key, value);
    for (const auto& row : rows) after.insert_or_assign(row.key, row.value);
    const bool held = !from.hold.empty();
    result.held = from.hold.replaced(now, config, before, after, listing);
    result.hold_ended = held && from.hold.empty();
    for (const auto& [key, value] : before)
      if (!after.contains(key)) gone.emplace_back(key);
    for (const auto& [key, value] : after) listed.emplace_back(key);
  }
  from.listed.clear();
  for (auto& row : rows) from.listed.list(std::move(row.key), std::move(row.value));
  settle(from, gone, listed, result);
  return result;
}

LocalOrigin::Replaced LocalOrigin::change(std::string_view name, RowChanges changes) {
  Replaced result;
  auto& from = source(name);
  std::set<base::Bytes> written = from.waiting;
  for (auto& row : changes.written) {
    if (fits(row, result.refused)) {
      written.insert(row.key);
      from.listed.list(std::move(row.key), std::move(row.value));
    } else {
      changes.gone.push_back(std::move(row.key));
    }
  }
  for (const auto& key : changes.gone) from.listed.erase(key), written.erase(key);
  const bool held = !from.hold.empty();
  from.hold.listed(written);
  result.hold_ended = held && from.hold.empty();
  settle(from, changes.gone, {written.begin(), written.end()}, result);
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
