#include "discovery/ageing.hpp"

#include <algorithm>

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
  outcome_.reset();
  return enter(State::suspect);
}

Ageing::Heard Ageing::heard(base::TimePoint now, std::uint64_t incarnation, std::uint64_t sequence,
                            base::Duration age, From from) {
  if (incarnation <= ended_) return {};
  const auto word = std::pair(incarnation, sequence), last = std::pair(incarnation_, sequence_);
  // A life that everybody has lost but we, and the one that came after it by chance lower: who
  // speaks while the other is silent is the one who lives.
  const bool outlived = incarnation < incarnation_ &&
                        (!spoke_at_ || (now - age) - *spoke_at_ >= config_->suspect_after);
  if (from == From::origin ? word == last : word <= last && !outlived) return {};
  incarnation_ = incarnation;
  sequence_ = sequence;
  spoke_at_ = std::max(spoke_at_.value_or(base::TimePoint::min()), now - age);
  silent_since_ = std::max(silent_since_, *spoke_at_);
  if (now - silent_since_ >= config_->suspect_after) return {true, std::nullopt};
  left_ = false;
  return {true, enter(State::fresh)};
}

Ageing::Change Ageing::link_reset() { return state_ == State::fresh ? suspect() : std::nullopt; }

Ageing::Change Ageing::returning(base::TimePoint now, std::uint64_t incarnation) {
  ended_ = std::max(ended_, incarnation);
  held_until_ = now + kReturnHold;
  return enter(State::returning);
}

Ageing::Change Ageing::leaving(std::uint64_t incarnation) {
  ended_ = std::max(ended_, incarnation);
  left_ = true;
  return enter(State::dead);
}

Ageing::Change Ageing::probed(base::TimePoint now, Probes outcome, Judgement judgement) {
  if (!wants_probes()) return std::nullopt;
  if (outcome == Probes::answered) {
    outcome_ = outcome;
    answered_at_ = now;
    return enter(State::stale);
  }
  if (judgement == Judgement::frozen) return std::nullopt;
  outcome_ = outcome;
  if (outcome == Probes::unanswered && (state_ == State::suspect || state_ == State::stale))
    return enter(State::demoted);
  return std::nullopt;
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
}

bool Ageing::wants_probes() const {
  return state_ != State::fresh && state_ != State::returning && !left_;
}

view::Freshness Ageing::freshness() const {
  switch (state_) {
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
