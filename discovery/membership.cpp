#include "discovery/membership.hpp"

#include <algorithm>

namespace discovery {

const Remote* Membership::find(const OriginId& origin) const {
  const auto at = remotes_.find(origin);
  return at == remotes_.end() ? nullptr : &at->second;
}

void Membership::tell(const OriginId& origin, Ageing::Change change, Effects& effects) {
  if (!change) return;
  unsettled_.insert(origin.cluster);
  effects.publish |= catalog_->find(origin) != nullptr;
  effects.events.push_back({*change, origin, {}});
}

// What was forgotten comes back by its own word, or by one so young that it must be speaking now:
// in a lower life too, for one that has lost its disk and hears of no memory of it begins low.
bool Membership::admits(const Beacon& beacon, const OriginId& via) const {
  if (remotes_.contains(beacon.origin)) return true;
  if (remotes_.size() >= kMaxOrigins) return false;
  const auto epitaph = epitaphs_.find(beacon.origin);
  if (epitaph == epitaphs_.end() || via == beacon.origin) return true;
  const bool old = beacon.stamp.incarnation == epitaph->second.incarnation &&
                   beacon.sequence <= epitaph->second.sequence;
  return beacon.age < config_->dead_after && !old;
}

bool Membership::heard(base::TimePoint now, const Beacon& beacon, const OriginId& via,
                       Effects& effects) {
  if (!admits(beacon, via)) return false;
  epitaphs_.erase(beacon.origin);
  const auto [at, added] =
      remotes_.try_emplace(beacon.origin, Remote{.ageing = Ageing(*config_, now, beacon.age)});
  if (added) unsettled_.insert(beacon.origin.cluster);
  touch(beacon.origin);
  auto& remote = at->second;
  const auto before = remote.ageing.state();
  const bool first_word = !remote.ageing.age(now);  // before it nobody was told of this origin
  // Others may have called it dead meanwhile, or have forgotten it: then they do not ask.
  const bool long_silent = remote.ageing.silence(now) >= config_->dead_after;
  if (via != beacon.origin && beacon.age >= config_->suspect_after) remote.confirmed_at = now;
  const bool own = via == beacon.origin;
  const auto heard = remote.ageing.heard(now, beacon.stamp.incarnation, beacon.sequence, beacon.age,
                                         own ? Ageing::From::origin : Ageing::From::relay);
  if (heard.news) remote.came_at = now;
  if (heard.news || own) remote.via = via.to_string();
  if (!remote.ageing.wants_probes(now)) effects.publish |= remote.probing.stop();
  const bool from_the_dead = heard.change && before == Ageing::State::dead;
  const bool returns = long_silent && remote.ageing.is_heard(now, config_->suspect_after);
  if (from_the_dead || returns || (heard.news && first_word)) remote.news = ++news_;
  tell(beacon.origin, heard.change, effects);
  return true;
}

void Membership::is_news(const OriginId& origin) {
  const auto at = remotes_.find(origin);
  if (at == remotes_.end()) return;
  at->second.news = ++news_;
  at->second.probing.hurry();
  touch(origin);
}

void Membership::remember(base::TimePoint now, const OriginId& origin, std::uint64_t incarnation,
                          bool left) {
  unsettled_.insert(origin.cluster);
  touch(origin);
  remotes_.try_emplace(origin,
                       Remote{.ageing = Ageing::remembered(*config_, now, incarnation, left),
                              .via = std::string(kViaDisk)});
}

void Membership::link_reset(const OriginId& origin, Effects& effects) {
  const auto at = remotes_.find(origin);
  if (at == remotes_.end()) return;
  touch(origin);
  tell(origin, at->second.ageing.link_reset(), effects);
}

void Membership::goodbye(base::TimePoint now, const OriginId& origin, Goodbye::Reason reason,
                         Effects& effects) {
  const auto at = remotes_.find(origin);
  if (at == remotes_.end()) return;
  auto& ageing = at->second.ageing;
  unsettled_.insert(origin.cluster);
  touch(origin);
  tell(origin,
       reason == Goodbye::Reason::returning ? ageing.returning(now, ageing.incarnation())
                                            : ageing.leaving(ageing.incarnation()),
       effects);
}

void Membership::probed(base::TimePoint now, const ProbeReply& reply, Effects& effects) {
  for (auto& [origin, remote] : remotes_) {
    const bool heard = remote.ageing.is_heard(now, config_->suspect_after);
    const auto before = remote.probing.failed();
    const auto outcome = remote.probing.answered(reply, heard ? kPathRounds : 1);
    if (!outcome) continue;
    touch(origin);
    effects.publish |= !heard || before != remote.probing.failed();  // how long it is silent
    tell(origin, remote.ageing.probed(now, *outcome, judgement_), effects);
  }
}

void Membership::forgive(base::Duration stall) {
  for (auto& [origin, remote] : remotes_) {
    remote.ageing.forgive(stall);
    remote.came_at += stall;
  }
}

Judgement Membership::judge(base::TimePoint now) const {
  // Those that fell silent together are not suspected in the same moment: one that has missed a
  // beacon when another is suspected counts already. Not one whose words are old because they come
  // a long way, while they come.
  const auto late = config_->beacon_interval * 11 / 10, missed = config_->suspect_after - late;
  std::set<std::string_view> heard, silent;
  bool confirmed = false;
  for (const auto& [origin, remote] : remotes_) {
    if (origin.cluster == config_->self.cluster) continue;
    const auto state = remote.ageing.state();
    const bool speaks = state == Ageing::State::fresh || state == Ageing::State::demoted;
    const bool comes = state != Ageing::State::dead && now - remote.came_at < late;
    if (comes || (speaks && remote.ageing.is_heard(now, missed))) {
      heard.insert(origin.cluster);
    } else if (state != Ageing::State::dead) {
      silent.insert(origin.cluster);
      confirmed |= now - remote.confirmed_at < config_->suspect_after;
    }
  }
  std::erase_if(silent, [&](std::string_view cluster) { return heard.contains(cluster); });
  const bool together =
      heard.size() + silent.size() >= kIsolationClusters && silent.size() > heard.size();
  return together && !confirmed ? Judgement::frozen : Judgement::open;
}

// So that those whose names come late are asked too, however many are to be asked at once.
std::size_t Membership::probes_for_each(base::TimePoint now) const {
  const auto asked =
      static_cast<std::size_t>(std::count_if(remotes_.begin(), remotes_.end(), [&](const auto& of) {
        return of.second.ageing.wants_probes(now);
      }));
  const auto share = config_->max_probes / std::max<std::size_t>(1, asked);
  return std::clamp<std::size_t>(share, 1, config_->probes_per_round);
}

namespace {

// Who is silent while another agent serves its cluster is not asked after. Who is heard through
// others, or was found out of reach, is: only an answer lifts that again.
bool is_spared(const Remote& remote, bool covered) {
  const auto state = remote.ageing.state();
  return covered && state != Ageing::State::fresh && state != Ageing::State::demoted;
}

}  // namespace

bool Membership::is_gone(base::TimePoint now, const OriginId& origin,
                         const ReplicaChoice& choice) const {
  const auto& ageing = find(origin)->ageing;
  return choice.covers(origin) && ageing.state() != Ageing::State::fresh &&
         now >= ageing.silent_since() + kGoneAfter;
}

std::vector<OriginId> Membership::advance(base::TimePoint now, const ReplicaChoice& choice,
                                          Effects& effects) {
  std::vector<OriginId> forgotten;
  for (auto& [origin, remote] : remotes_) {
    const auto change = remote.ageing.advance(now, Judgement::frozen);
    tell(origin, change, effects);
    const bool gone = change != Event::Kind::forgotten && is_gone(now, origin, choice);
    if (gone || change == Event::Kind::forgotten) forgotten.push_back(origin);
    if (!gone) continue;
    effects.publish = true;
    effects.events.push_back(
        {Event::Kind::forgotten, origin, "gone, and another agent serves its cluster"});
  }
  // Judged only when all have had their say: the first to fall silent may not be the last.
  judgement_ = judge(now);
  const auto most = probes_for_each(now);
  for (auto& [origin, remote] : remotes_) {
    if (!remote.ageing.wants_probes(now) || is_spared(remote, choice.covers(origin))) continue;
    auto round = remote.probing.begin(now, *config_, origin, catalog_->find(origin),
                                      remote.ageing.probe_rhythm(), next_round_, most, random_);
    if (round.nothing)
      tell(origin, remote.ageing.probed(now, Ageing::Probes::nothing_to_probe, judgement_),
           effects);
    if (round.request) {
      ++next_round_;
      effects.probes.push_back(std::move(*round.request));
    }
    const auto change = remote.ageing.advance(now, judgement_);
    if (change != Event::Kind::forgotten) tell(origin, change, effects);
  }
  for (const auto& origin : forgotten) forget(origin);
  next_.reset();
  return forgotten;
}

void Membership::forget(const OriginId& origin) {
  const auto at = remotes_.find(origin);
  if (at == remotes_.end()) return;
  if (epitaphs_.size() >= kMaxEpitaphs) epitaphs_.erase(epitaphs_.begin());
  unsettled_.insert(origin.cluster);
  epitaphs_[origin] = {at->second.ageing.incarnation(), at->second.ageing.sequence()};
  remotes_.erase(at);
}

base::TimePoint Membership::deadline(const OriginId& origin, const Remote& remote,
                                     const ReplicaChoice& choice) const {
  const bool covered = choice.covers(origin), spared = is_spared(remote, covered);
  auto next = remote.ageing.deadline(spared ? Judgement::frozen : judgement_);
  if (covered && remote.ageing.state() != Ageing::State::fresh)
    next = std::min(next, remote.ageing.silent_since() + kGoneAfter);
  if (spared) return next;
  if (const auto from = remote.ageing.probes_from())
    next = std::min(
        next, std::max(*from, remote.probing.deadline(*config_, remote.ageing.probe_rhythm())));
  return next;
}

// A word puts off what it was, so that most events would only find the same first deadline again.
base::TimePoint Membership::deadline(const ReplicaChoice& choice) {
  if (!next_) {
    next_ = base::TimePoint::max();
    for (const auto& [origin, remote] : remotes_)
      next_ = std::min(*next_, deadline(origin, remote, choice));
  } else {
    for (const auto& origin : touched_)
      if (const auto* remote = find(origin))
        next_ = std::min(*next_, deadline(origin, *remote, choice));
  }
  touched_.clear();
  return *next_;
}

}  // namespace discovery
