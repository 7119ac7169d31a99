#include "discovery/leaf.hpp"

#include <algorithm>
#include <tuple>

#include "discovery/ageing.hpp"
#include "discovery/membership.hpp"
#include "discovery/node_state.hpp"
#include "discovery/of_itself.hpp"

namespace discovery {

using State = Member::State;

namespace {

constexpr std::size_t kMaxKnown = kMaxOrigins + VerdictLog::kMaxForgotten;

}  // namespace

Leaf::Leaf(NodeConfig config, base::Random random, base::TimePoint now)
    : config_(std::move(config)),
      random_(random),
      catalog_(config_.max_changes),
      expected_(now),
      next_beat_(now) {}

Effects Leaf::turn(base::TimePoint now) {
  if (const auto late = now - expected_; late > kStallTolerance) {
    judged_at_ += late;
    old_until_ += late;
    for (auto& [id, line] : lines_) {
      line.heard_at += late;
      line.up_at += late;
    }
  }
  return {};
}

Effects Leaf::finish(base::TimePoint now, Effects effects) {
  const auto* home = followed();
  if (!synced_ && local_ready_ && (restored_ || (caught_up_ && home && home->synced)))
    synced_ = effects.publish = true;
  for (auto& [id, line] : lines_)
    if (!line.announced && line.has_work()) {
      line.announced = true;
      effects.writable.push_back(id);
    }
  publication_due_ |= effects.publish;
  expected_ = std::max(now, deadline(now));
  return effects;
}

base::TimePoint Leaf::deadline(base::TimePoint now) const {
  auto next = next_beat_;
  if (const auto* home = followed(); home && home->heard_at + kHomePatience > now)
    next = std::min(next, home->heard_at + kHomePatience);
  if (change_over_at_) next = std::min(next, *change_over_at_);
  if (!homeless_) next = std::min(next, judged_at_ + config_.suspect_after);
  for (const auto& [id, line] : lines_) {
    if (line.close_reason)
      next = std::min(next, line.goodbye ? line.heard_at + kGoodbyePatience : base::TimePoint{});
    else
      next =
          std::min(next, line.ready ? line.heard_at + kLinkSilence : line.up_at + kHelloPatience);
  }
  return next;
}

Effects Leaf::restore(base::TimePoint now, SavedState saved) {
  auto effects = turn(now);
  for (auto& origin : saved.origins) {
    if (known_.size() >= kMaxOrigins) break;
    if (!catalog_.restore(origin.id, origin.stamp, std::move(origin.rows))) continue;
    auto& known = know(now, origin.id);
    known.verdict.state = origin.left ? Verdict::State::dead : Verdict::State::suspect;
    known.verdict.left = origin.left;
    known.rows_at = now - kOtherLife;
    known.via = kViaDisk;
    effects.publish = true;
  }
  restored_ = effects.publish && saved.whole;
  return finish(now, std::move(effects));
}

Effects Leaf::local_ready(base::TimePoint now) {
  auto effects = turn(now);
  local_ready_ = effects.publish = true;
  return finish(now, std::move(effects));
}

Effects Leaf::tick(base::TimePoint now) {
  auto effects = turn(now);
  if (now >= next_beat_) {
    const auto tenth = static_cast<std::uint64_t>(config_.beacon_interval.count() / 10);
    next_beat_ = now + config_.beacon_interval - config_.beacon_interval / 20 +
                 base::Duration(static_cast<std::int64_t>(random_.below(tenth + 1)));
    for (auto& [id, line] : lines_) line.still_due = line.ready;
    look_for_other_lives();
  }
  supervise(now, effects);
  choose_home(now, effects);
  grow_old(now, effects);
  if (change_over_at_ && now >= *change_over_at_) change_over(effects);
  if (auto* home = followed(); home && ask_again_ && now - asked_at_ >= kDisagreement) {
    ++counters_.gaps;
    follow(now, *home, effects);
  }
  return finish(now, std::move(effects));
}

Leaf::Known& Leaf::know(base::TimePoint now, const OriginId& origin) {
  const auto [at, added] = known_.try_emplace(origin);
  if (added) {
    at->second.verdict.origin = origin;
    at->second.verdict.state = Verdict::State::suspect;
    at->second.rows_at = now;
  }
  return at->second;
}

void Leaf::note_rows(base::TimePoint now, const OriginId& origin) {
  auto& known = know(now, origin);
  known.rows_at = now;
  if (known.verdict.state == Verdict::State::forgotten)
    known.verdict.state = Verdict::State::suspect;  // its new verdict is on the way
}

// What nobody vouches for any more is stale, and no worse than it was called last.
State Leaf::state_of(const Known& known) const {
  const auto state = static_cast<State>(known.verdict.state);
  return known.holds || state != State::fresh ? state : State::stale;
}

std::optional<base::TimePoint> Leaf::spoke_at(const Known& known) const {
  const bool told_now =
      known.holds && known.verdict.state == Verdict::State::fresh && known.told_in == following_;
  return told_now ? std::max(fresh_since_, known.spoke_at.value_or(fresh_since_)) : known.spoke_at;
}

// The whole of a state that is not before the one held, or of the life that its origin is heard in.
bool Leaf::replaces_unsound(const Delta& delta) const {
  if (!unsound_.contains(delta.origin)) return false;
  if (Stamp{delta.incarnation, delta.to} >= catalog_.stamp(delta.origin)) return true;
  const auto known = known_.find(delta.origin);
  return known != known_.end() && is_in_lower_life(known->second) &&
         delta.incarnation == known->second.verdict.life;
}

void Leaf::apply(base::TimePoint now, Line& line, Delta delta, Effects& effects) {
  if (line.id != home_) {
    ++counters_.refused;
    return;
  }
  const auto origin = delta.origin;
  if (!is_name(origin)) return malformed(line, "a delta of nothing", effects);
  if (!catalog_.find(origin) && catalog_.states().size() >= kMaxOrigins) return;
  const auto rows = delta.rows.size();
  const bool snapshot = delta.kind == Delta::Kind::snapshot_end;
  // In the place of what is unsound, in one step, or not at all.
  std::map<OriginId, OriginState>::node_type unsound;
  if (snapshot && replaces_unsound(delta)) unsound = catalog_.states().extract(origin);
  const auto applied = catalog_.apply(line.id, Catalog::From::origin, std::move(delta));
  if (unsound && applied != Applied::applied) catalog_.states().insert(std::move(unsound));
  switch (applied) {
    case Applied::applied:
      counters_.rows_applied += rows;
      counters_.snapshots_applied += snapshot ? 1 : 0;
      unsound_.erase(origin);
      note_rows(now, origin);
      effects.publish = true;
      break;
    case Applied::duplicate:
    case Applied::proven:
    case Applied::unproven:
      ++counters_.duplicates;
      break;
    case Applied::part:
      break;
    case Applied::diverged:
      unsound_.insert(origin);
      [[fallthrough]];
    case Applied::gap:
    case Applied::stray:
      ask_again_ = true;
      break;
    case Applied::too_large:  // of the protocol's limits: a leaf has no others
    case Applied::malformed:
      malformed(line, "a delta beyond its limits", effects);
      break;
  }
}

// True when it changes what the doors are to know.
bool Leaf::take(base::TimePoint now, const Line& line, Verdict verdict, Effects& effects) {
  const auto origin = verdict.origin;
  auto& known = know(now, origin);
  const auto state = state_of(known);
  const bool changes =
      !known.holds || known.verdict.failed != verdict.failed || known.verdict.left != verdict.left;
  if (known.verdict.taken != verdict.taken && !change_over_at_)
    change_over_at_ = now + kChangePatience;
  const auto before = spoke_at(known);
  known.spoke_at = before;
  const bool heard = known.holds && is_heard(known.verdict);
  if (!heard || known.verdict.life != verdict.life) known.heard_in_life_at = now;
  if (verdict.age)
    known.spoke_at = std::max(before.value_or(now - *verdict.age), now - *verdict.age);
  known.verdict = std::move(verdict);
  known.told_in = following_;
  known.holds = true;
  known.via = line.origin.to_string();
  if (known.verdict.state != Verdict::State::forgotten) return changes || state != state_of(known);
  if (catalog_.find(origin))
    effects.events.push_back({Event::Kind::forgotten, origin, "by " + known.via});
  catalog_.erase(origin);
  unsound_.erase(origin);
  return true;
}

void Leaf::apply(base::TimePoint now, Line& line, Verdicts verdicts, Effects& effects) {
  line.synced = verdicts.synced;
  if (line.id != home_) return;
  judged_at_ = now;
  for (auto& verdict : verdicts.verdicts) {
    const bool sound = is_name(verdict.origin) && verdict.life <= kMaxIncarnation &&
                       verdict.age.value_or(base::Duration{}) >= base::Duration{};
    if (!sound) return malformed(line, "a verdict of nothing", effects);
    if (!known_.contains(verdict.origin) && known_.size() >= kMaxKnown) continue;
    effects.publish |= take(now, line, std::move(verdict), effects);
  }
  fresh_since_ = now - verdicts.heard;  // of those that are fresh still
  if (std::exchange(homeless_, false)) hold_again(line, effects);
  if (verdicts.digest == 0) return;
  compare(now, verdicts.digest, effects);
  if (caught_up_) let_go(Of::earlier, effects);
}

// Both sides count what the leaf has; who counts otherwise has lost something on the way.
void Leaf::compare(base::TimePoint now, std::uint64_t theirs, Effects& effects) {
  if (theirs != digest()) {
    ask_again_ |= now - asked_at_ >= kDisagreement;
    return;
  }
  caught_up_ = true;
  change_over(effects);
  ask_again_ &= !unsound_.empty();
}

std::uint64_t Leaf::digest() const {
  std::uint64_t sum = 0;
  for (const auto& beacon : make_beacons().beacons) sum += digest_of(beacon.origin, beacon.stamp);
  for (const auto& [origin, known] : known_)
    if (known.told_in == following_) sum += digest_of(known.verdict);
  return sum;
}

Beacons Leaf::make_beacons() const {
  Beacons beacons;
  for (const auto& [origin, state] : catalog_.states())
    if (!unsound_.contains(origin))
      beacons.beacons.push_back({origin, state.stamp(), 0, {}, {}, false});
  return beacons;
}

// By the home, wherever its endpoints are.
bool Leaf::is_heard(const Verdict& verdict) const {
  return verdict.state == Verdict::State::fresh ||
         (verdict.state == Verdict::State::demoted && verdict.age &&
          *verdict.age < config_.suspect_after);
}

// The home hears an origin in a life below the one that is held: everybody else has lost the higher
// one, and it will not come back.
bool Leaf::is_in_lower_life(const Known& known) const {
  const auto& verdict = known.verdict;
  const auto spoke = spoke_at(known);
  return known.holds && known.told_in == following_ && is_heard(verdict) && verdict.life != 0 &&
         verdict.life < catalog_.stamp(verdict.origin).incarnation && spoke &&
         *spoke - std::max(known.rows_at, known.heard_in_life_at) >= kOtherLife;
}

void Leaf::look_for_other_lives() {
  for (const auto& [origin, known] : known_) {
    if (!is_in_lower_life(known)) continue;
    unsound_.insert(origin);
    ask_again_ = true;
  }
}

void Leaf::keep_ages() {
  for (auto& [origin, known] : known_) known.spoke_at = spoke_at(known);
}

// What was said in an earlier following, or all that was said, holds no longer.
void Leaf::let_go(Of followings, Effects& effects) {
  std::erase_if(known_, [&](const auto& entry) {
    return entry.second.verdict.state == Verdict::State::forgotten &&
           entry.second.told_in != following_;
  });
  for (auto& [origin, known] : known_) {
    if (!known.holds || (followings == Of::earlier && known.told_in == following_)) continue;
    known.spoke_at = spoke_at(known);
    known.holds = false;
    effects.publish |= known.verdict.state == Verdict::State::fresh;
  }
}

// The home that fell silent speaks again on the same link: what it has not taken back it means
// still.
void Leaf::hold_again(const Line& line, Effects& effects) {
  effects.events.push_back({Event::Kind::following, line.origin, line.peer.address});
  for (auto& [origin, known] : known_)
    if (known.told_in == following_ && !std::exchange(known.holds, true)) effects.publish = true;
}

void Leaf::grow_old(base::TimePoint now, Effects& effects) {
  if (homeless_) return;
  if (now - judged_at_ >= config_.suspect_after) {
    homeless_ = true;
    caught_up_ = false;
    let_go(Of::all, effects);
    effects.events.push_back({Event::Kind::homeless, {}, {}});
  } else if (!caught_up_ && now >= old_until_) {
    let_go(Of::earlier, effects);
  }
}

// Among those whose rows are here.
Leaf::Chosen Leaf::choose(Last last) const {
  const auto rank = [&](const Known& known) {
    const auto& verdict = known.verdict;
    const auto before = taken_.find(verdict.origin.cluster);
    const bool is_last = before != taken_.end() && before->second == verdict.origin.replica;
    return std::tuple(last == Last::stays && is_last, verdict.taken, known.told_in,
                      verdict.state != Verdict::State::dead, is_last);
  };
  Chosen chosen;
  for (const auto& [origin, state] : catalog_.states()) {
    const auto* known = &known_.at(origin);
    const auto [at, first] = chosen.try_emplace(origin.cluster, known);
    if (!first && rank(*at->second) < rank(*known)) at->second = known;
  }
  return chosen;
}

void Leaf::change_over(Effects& effects) {
  change_over_at_.reset();
  std::map<std::string, std::uint32_t> next;
  for (const auto& [cluster, known] : choose(Last::counts_last))
    next.emplace(cluster, known->verdict.origin.replica);
  effects.publish |= next != taken_;
  taken_ = std::move(next);
}

std::shared_ptr<const Publication> Leaf::publication(base::TimePoint now) {
  if (!std::exchange(publication_due_, false) && published_) return published_;
  auto next = std::make_shared<Publication>();
  next->version = published_ ? published_->version + 1 : 1;
  next->at = now;
  next->synced = synced_;
  const auto taken = choose(Last::stays);
  for (auto& [origin, state] : catalog_.states()) {
    const auto& known = known_.at(origin);
    const auto spoke = spoke_at(known);
    next->origins.push_back({origin, state.stamp(), false, freshness_of(state_of(known)),
                             spoke ? std::optional(now - *spoke) : std::nullopt,
                             known.verdict.failed, state.rows(), known.verdict.left,
                             taken.at(origin.cluster) == &known});
  }
  published_ = std::move(next);
  return published_;
}

std::vector<Member> Leaf::members(base::TimePoint now) const {
  std::vector<Member> members;
  const auto taken = choose(Last::stays);
  for (const auto& [origin, known] : known_) {
    if (known.verdict.state == Verdict::State::forgotten) continue;
    const auto* state = catalog_.find(origin);
    const auto spoke = spoke_at(known);
    Member member;
    member.id = origin;
    member.stamp = catalog_.stamp(origin);
    member.state = state_of(known);
    if (spoke) member.age = now - *spoke;
    member.via = known.via == origin.to_string() ? "direct" : known.via;
    member.rows = state ? state->size() : 0;
    member.taken = !state || taken.at(origin.cluster) == &known;
    if (state) member.stuck = stuck_in(state->rows());
    if (state) member.advertise = advertised_in(state->rows());
    for (const auto& [id, line] : lines_)
      if (line.ready && line.origin == origin) {
        member.linked = true;
        if (member.advertise.empty()) member.advertise = line.advertise;
      }
    member.address = member.advertise;
    members.push_back(std::move(member));
  }
  return members;
}

}  // namespace discovery
