#include "discovery/verdict_log.hpp"

#include <algorithm>

namespace discovery {

using State = Verdict::State;

void VerdictLog::put(Entry& entry, Verdict verdict, std::optional<base::TimePoint> spoke_at) {
  if (entry.number != 0) {
    order_.erase(entry.number);
    sum_ -= entry.digest;
    forgotten_ -= entry.verdict.state == State::forgotten ? 1 : 0;
  }
  forgotten_ += verdict.state == State::forgotten ? 1 : 0;
  const auto digest = digest_of(verdict);
  entry = {std::move(verdict), spoke_at, ++numbers_, digest};
  sum_ += digest;
  order_.emplace(entry.number, entry.verdict.origin);
}

void VerdictLog::note(Verdict verdict, std::optional<base::TimePoint> spoke_at) {
  const bool fresh = verdict.state == State::fresh;
  if (fresh && spoke_at) oldest_ = std::min(oldest_.value_or(*spoke_at), *spoke_at);
  auto& entry = entries_[verdict.origin];
  if (entry.number != 0 && entry.verdict == verdict && (fresh || entry.spoke_at == spoke_at)) {
    entry.spoke_at = spoke_at;
    return;
  }
  put(entry, std::move(verdict), spoke_at);
}

void VerdictLog::forget(const OriginId& origin) {
  put(entries_[origin], {origin, State::forgotten, 0, false, {}, {}}, {});
  if (forgotten_ <= kMaxForgotten) return;
  for (const auto& [number, oldest] : order_) {
    const auto at = entries_.find(oldest);
    if (at->second.verdict.state == State::forgotten) return erase(at);
  }
}

void VerdictLog::drop(const OriginId& origin) {
  if (const auto at = entries_.find(origin); at != entries_.end()) erase(at);
}

void VerdictLog::erase(std::map<OriginId, Entry>::iterator at) {
  order_.erase(at->second.number);
  sum_ -= at->second.digest;
  forgotten_ -= at->second.verdict.state == State::forgotten ? 1 : 0;
  entries_.erase(at);
}

std::vector<Verdict> VerdictLog::since(std::uint64_t& place, base::TimePoint now) const {
  std::vector<Verdict> verdicts;
  std::size_t bytes = 0;
  for (auto at = order_.upper_bound(place); at != order_.end(); ++at) {
    const auto& entry = entries_.at(at->second);
    bytes += frame_bytes(entry.verdict);
    if (!verdicts.empty() && (bytes > kMaxVerdictFrameBytes || verdicts.size() == kMaxVerdicts))
      return verdicts;
    auto& verdict = verdicts.emplace_back(entry.verdict);
    if (verdict.state != State::fresh && entry.spoke_at) verdict.age = now - *entry.spoke_at;
    place = at->first;
  }
  place = numbers_;
  return verdicts;
}

void VerdictLog::settle() {
  oldest_.reset();
  for (const auto& [origin, entry] : entries_)
    if (entry.verdict.state == State::fresh && entry.spoke_at)
      oldest_ = std::min(oldest_.value_or(*entry.spoke_at), *entry.spoke_at);
}

}  // namespace discovery
