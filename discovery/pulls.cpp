#include "discovery/pulls.hpp"

#include <algorithm>

namespace discovery {

base::Duration Pulls::patience(const Want& want) {
  return kPullPatience * (1u << std::min(want.attempts, kMaxPullDoublings));
}

void Pulls::behind(base::TimePoint now, const OriginId& origin, Stamp target, base::Duration wait) {
  const auto [at, added] = wants_.try_emplace(origin);
  auto& want = at->second;
  if (added) want.ask_at = now + wait;
  want.target = std::max(want.target, target);
}

void Pulls::gap(base::TimePoint now, const OriginId& origin, Stamp target, LinkId from) {
  auto& want = wants_[origin];
  want.target = std::max(want.target, target);
  if (want.asked == from) return;  // on its way
  want.only = from;
  want.asked.reset();
  want.ask_at = now;
}

void Pulls::hurry(base::TimePoint now, const OriginId& origin) {
  const auto at = wants_.find(origin);
  if (at != wants_.end() && !at->second.asked) at->second.ask_at = std::min(at->second.ask_at, now);
}

void Pulls::broken(base::TimePoint now, const OriginId& origin, Stamp target, LinkId from) {
  const auto [at, added] = wants_.try_emplace(origin);
  auto& want = at->second;
  want.target = std::max(want.target, target);
  if (want.whole && want.asked) return in_vain(now, origin);  // or on its way still
  want.whole = true;
  want.only = from;
  want.asked.reset();
  want.ask_at = now;
}

// Whatever is newer comes with a proof of its own.
void Pulls::unproven(base::TimePoint now, const OriginId& origin, Stamp have, LinkId from) {
  const auto [at, added] = wants_.try_emplace(origin);
  if (!added) return;
  at->second.target = have;
  at->second.only = from;
  at->second.ask_at = now;
}

void Pulls::reached(const OriginId& origin, Stamp stamp) {
  const auto at = wants_.find(origin);
  if (at == wants_.end()) return;
  if (stamp >= at->second.target) wants_.erase(at);
}

void Pulls::in_vain(base::TimePoint now, const OriginId& origin) {
  const auto at = wants_.find(origin);
  if (at != wants_.end()) at->second.ask_at = std::min(at->second.ask_at, now + kPullPatience);
}

void Pulls::refused(const OriginId& origin) {
  const auto at = wants_.find(origin);
  if (at != wants_.end()) at->second.asked.reset();
}

void Pulls::progress(base::TimePoint now, const OriginId& origin) {
  const auto at = wants_.find(origin);
  if (at != wants_.end())
    at->second.ask_at = std::max(at->second.ask_at, now + patience(at->second));
}

void Pulls::link_lost(base::TimePoint now, LinkId link) {
  for (auto& [origin, want] : wants_) {
    if (want.only == link) want.only.reset();
    if (want.asked != link) continue;
    want.asked.reset();
    want.ask_at = now;
  }
}

void Pulls::stream_lost(base::TimePoint now, LinkId link) {
  for (auto& [origin, want] : wants_) {
    if (want.asked != link) continue;
    want.only = link;
    want.ask_at = now;
  }
}

std::vector<Pulls::Due> Pulls::due(base::TimePoint now) const {
  std::vector<Due> due;
  for (const auto& [origin, want] : wants_)
    if (want.ask_at <= now)
      due.push_back({origin, want.target, want.attempts, want.whole, want.only});
  return due;
}

void Pulls::asked(base::TimePoint now, const OriginId& origin, LinkId link) {
  auto& want = wants_[origin];
  want.asked = link;
  want.only.reset();
  want.ask_at = now + patience(want);
  ++want.attempts;
}

std::optional<LinkId> Pulls::asked_of(const OriginId& origin) const {
  const auto at = wants_.find(origin);
  return at == wants_.end() ? std::nullopt : at->second.asked;
}

base::TimePoint Pulls::deadline() const {
  auto next = base::TimePoint::max();
  for (const auto& [origin, want] : wants_) next = std::min(next, want.ask_at);
  return next;
}

}  // namespace discovery
