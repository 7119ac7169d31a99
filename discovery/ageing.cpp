#include "discovery/ageing.hpp"

#include <algorithm>
#include <utility>

namespace discovery {
namespace {

using Kind = Event::Kind;
using State = Member::State;

std::optional<Kind> event_of(State state) {
  switch (state) {
    case State::fresh:
      return Kind::fresh_again;
    case State::suspect:
      return Kind::suspect;
    case State::stale:
      return Kind::stale;
    case State::demoted:
      return Kind::demoted;
    case State::dead:
      return Kind::dead;
    case State::returning:
      return Kind::stale;
  }
  return std::nullopt;
}

}  // namespace

Ageing::Ageing(const NodeConfig& config, base::TimePoint now, base::Duration age)
    : config_(&config), spoke_at_(now - age), silent_since_(*spoke_at_), answered_at_(*spoke_at_) {}

Ageing Ageing::remembered(const NodeConfig& config, base::TimePoint now, std::uint64_t incarnation,
                          bool left) {
  Ageing ageing(config, now, config.suspect_after);
  ageing.spoke_at_.reset();
  ageing.incarnation_ = incarnation;
  ageing.suspect();
  if (left) ageing.leaving(incarnation);
  return ageing;
}

Ageing::Change Ageing::enter(State state) {
  if (state_ == state) return std::nullopt;
  state_ = state;
  return event_of(state);
}

base::TimePoint Ageing::last_sign() const { return std::max(silent_since_, answered_at_); }

Ageing::Change Ageing::suspect() {
  heard_ = false;
  outcome_.reset();
  failed_rounds_ = kPathRounds - 1;
  return enter(State::suspect);
}

Ageing::Heard Ageing::heard(base::TimePoint now, std::uint64_t incarnation, std::uint64_t sequence,
                            base::Duration age, From from) {
  if (incarnation <= ended_) return {};
  if (from == From::origin) {
    own_word_at_ = now;
    outcome_.reset();
    failed_rounds_ = 0;
  }
  const auto word = std::pair(incarnation, sequence), last = std::pair(incarnation_, sequence_);
  // A life that everybody has lost but we, and the one that came after it by chance lower: who
  // speaks while the other is silent is the one who lives.
  const bool outlived = incarnation < incarnation_ &&
                        (!spoke_at_ || (now - age) - *spoke_at_ >= config_->suspect_after);
  if (from == From::origin && word == last)  // others were faster
    return {false,
            is_bridged(now) && state_ == State::demoted ? enter(State::fresh) : std::nullopt};
  const bool first = !spoke_at_ && word == last;  // it confirms what the disk says
  if (from == From::relay && word <= last && !outlived && !first) return {};
  // No word of that life, which has not left either: how old it is was said of a word of another.
  if (from == From::relay && sequence == 0 && !first) {
    if (word > last) incarnation_ = incarnation, sequence_ = 0, left_ = false;
    return {};
  }
  const bool was_silent = !is_bridged(now);  // who is demoted falls silent without being suspected
  incarnation_ = incarnation;
  sequence_ = sequence;
  spoke_at_ = std::max(spoke_at_.value_or(base::TimePoint::min()), now - age);
  silent_since_ = std::max(silent_since_, *spoke_at_);
  left_ = false;
  if (now - silent_since_ >= config_->suspect_after) return {true, std::nullopt};
  heard_ = true;
  if (was_silent) returned_at_ = now;
  // Its agent lives; whether its endpoints can be reached from here only they or it can tell.
  const bool lost = outcome_ == Probes::unanswered && from == From::relay;
  return {true, enter(lost ? State::demoted : State::fresh)};
}

Ageing::Change Ageing::link_reset() {
  own_word_at_.reset();
  return state_ == State::fresh ? suspect() : std::nullopt;
}

Ageing::Change Ageing::returning(base::TimePoint now, std::uint64_t incarnation) {
  ended_ = std::max(ended_, incarnation);
  held_until_ = now + kReturnHold;
  return enter(State::returning);
}

Ageing::Change Ageing::leaving(std::uint64_t incarnation) {
  ended_ = std::max(ended_, incarnation);
  left_ = true;
  outcome_.reset();
  failed_rounds_ = 0;
  return enter(State::dead);
}

Ageing::Change Ageing::probed(base::TimePoint now, Probes outcome, Judgement judgement) {
  if (!wants_probes(now)) return std::nullopt;
  if (outcome == Probes::answered) return answered(now);
  if (judgement == Judgement::frozen) return std::nullopt;
  const bool bridged = is_bridged(now);
  if (outcome == Probes::nothing_to_probe) {
    outcome_ = outcome;
    failed_rounds_ = 0;
    return state_ == State::demoted && bridged ? enter(State::fresh) : std::nullopt;
  }
  failed_rounds_ = std::min(failed_rounds_ + 1, kPathRounds);
  if (bridged && failed_rounds_ < kPathRounds) return std::nullopt;
  outcome_ = outcome;
  return state_ == State::dead ? std::nullopt : enter(State::demoted);
}

Ageing::Change Ageing::answered(base::TimePoint now) {
  outcome_ = Probes::answered;
  answered_at_ = now;
  failed_rounds_ = 0;
  return enter(is_bridged(now) ? State::fresh : State::stale);
}

Ageing::Change Ageing::advance(base::TimePoint now, Judgement judgement) {
  if (now < deadline(judgement)) return std::nullopt;
  if (state_ == State::fresh || state_ == State::returning) return suspect();
  if (now - last_sign() >= config_->forget_after) return Kind::forgotten;
  return enter(State::dead);
}

bool Ageing::may_die(Judgement judgement) const {
  return judgement == Judgement::open && (state_ == State::suspect || state_ == State::demoted) &&
         outcome_ && *outcome_ != Probes::answered;
}

base::TimePoint Ageing::deadline(Judgement judgement) const {
  if (state_ == State::fresh) return silent_since_ + config_->suspect_after;
  if (state_ == State::returning) return held_until_;
  if (may_die(judgement)) return last_sign() + std::min(config_->dead_after, config_->forget_after);
  return last_sign() + config_->forget_after;
}

void Ageing::forgive(base::Duration stall) {
  silent_since_ += stall;
  answered_at_ += stall;
  held_until_ += stall;
  if (own_word_at_) *own_word_at_ += stall;
}

std::optional<base::TimePoint> Ageing::probes_from() const {
  if (state_ == State::returning || left_) return std::nullopt;
  if (state_ != State::fresh || !own_word_at_) return base::TimePoint::min();
  return *own_word_at_ + config_->suspect_after;
}

base::Duration Ageing::probe_rhythm() const {
  if (state_ == State::dead) return config_->probe_interval * kDeadProbeFactor;
  const bool steady = state_ == State::fresh && outcome_ && failed_rounds_ == 0;
  return config_->probe_interval * (steady ? kBridgedProbeFactor : 1);
}

Member::Path Ageing::path(base::TimePoint now) const {
  if (!wants_probes(now) && state_ != State::dead) return Member::Path::direct;
  if (!outcome_) return Member::Path::unknown;
  switch (*outcome_) {
    case Probes::answered:
      return Member::Path::answers;
    case Probes::unanswered:
      return Member::Path::fails;
    case Probes::nothing_to_probe:
      return Member::Path::nothing_to_ask;
  }
  return Member::Path::unknown;
}

view::Freshness freshness_of(Member::State state) {
  switch (state) {
    case State::fresh:
      return view::Freshness::fresh;
    case State::suspect:
    case State::stale:
    case State::returning:
      return view::Freshness::stale;
    case State::demoted:
      return view::Freshness::demoted;
    case State::dead:
      return view::Freshness::dead;
  }
  return view::Freshness::dead;
}

}  // namespace discovery
