// How one origin grows old in our eyes: fresh → suspect → (stale | demoted) → dead → forgotten, and
// fresh again at its next word (DESIGN §4).
//
// A word is a beacon with a higher (incarnation, sequence) than any before, by whatever way it
// comes: what counts for the agent's life is how long ago the origin spoke, not who told us.
// Silence of the agent is not death of its endpoints: what they answer to probes decides between
// stale and demoted. Nor does a word that came through another say anything of the way to its
// endpoints: an origin whose own link is not heard is probed however fresh its words are, and what
// is demoted is lifted by an answer or by the origin itself alone.
//
// Invariant: an origin whose endpoints answer is neither demoted nor dead; nothing is dead that was
// not probed where there was something to probe. Thread: control only.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "discovery/node.hpp"

namespace discovery {

// What the doors are told of an origin in this state.
view::Freshness freshness_of(Member::State state);

inline constexpr base::Duration kReturnHold = std::chrono::seconds(60);
// Rounds in a row without an answer that lose the path to an origin that others hear: one or two
// may fail for a lost packet or a short outage. The loss of its own link counts for all but the
// last.
inline constexpr unsigned kPathRounds = 3;
// Probe intervals between rounds: of the dead, and of a path that has just answered.
inline constexpr int kDeadProbeFactor = 10, kBridgedProbeFactor = 5;

// Whether this agent may believe its own ears: frozen while it seems to be the one that is cut off.
enum class Judgement : std::uint8_t { open, frozen };

class Ageing {
 public:
  using State = Member::State;
  // What to tell: one of suspect, stale, demoted, dead, fresh_again, forgotten.
  using Change = std::optional<Event::Kind>;

  Ageing(const NodeConfig& config, base::TimePoint now, base::Duration age);
  // Known from disk, not heard of yet: it spoke before this life of ours, and nobody knows when.
  // Suspect from the start, dead if it had left.
  static Ageing remembered(const NodeConfig& config, base::TimePoint now, std::uint64_t incarnation,
                           bool left);

  // A word of the origin that is `age` old. Not news when we have heard it or a later one; but
  // whatever was heard from others, the origin itself knows where it is.
  enum class From : std::uint8_t { origin, relay };
  struct Heard {
    bool news = false;
    Change change;
  };
  Heard heard(base::TimePoint now, std::uint64_t incarnation, std::uint64_t sequence,
              base::Duration age, From from);
  Change link_reset();
  Change returning(base::TimePoint now, std::uint64_t incarnation);
  Change leaving(std::uint64_t incarnation);
  enum class Probes : std::uint8_t { answered, unanswered, nothing_to_probe };
  Change probed(base::TimePoint now, Probes outcome, Judgement judgement);
  Change advance(base::TimePoint now, Judgement judgement);
  // We were not listening for so long: it does not count as silence.
  void forgive(base::Duration stall);

  State state() const { return state_; }
  // It was silent, and its first word after that came at `time` or later.
  bool returned_since(base::TimePoint time) const { return returned_at_ && *returned_at_ >= time; }
  base::Duration silence(base::TimePoint now) const { return now - silent_since_; }
  base::TimePoint silent_since() const { return silent_since_; }
  // A word has come within `time`, by whatever way, and since it was suspected last.
  bool is_heard(base::TimePoint now, base::Duration time) const {
    return heard_ && silence(now) < time;
  }
  // Whether its endpoints can be reached from here.
  Member::Path path(base::TimePoint now) const;
  // Nothing where only the disk tells of it.
  std::optional<base::Duration> age(base::TimePoint now) const {
    return spoke_at_ ? std::optional(now - *spoke_at_) : std::nullopt;
  }
  std::optional<base::TimePoint> spoke_at() const { return spoke_at_; }
  std::uint64_t sequence() const { return sequence_; }
  std::uint64_t incarnation() const { return incarnation_; }
  // Dead by its own word in this life or a later one.
  bool left(std::uint64_t incarnation) const { return left_ && incarnation <= ended_; }
  // From when on its endpoints are probed unless something is heard of it; nothing: never.
  std::optional<base::TimePoint> probes_from() const;
  bool wants_probes(base::TimePoint now) const {
    const auto from = probes_from();
    return from && now >= *from;
  }
  base::Duration probe_rhythm() const;
  view::Freshness freshness() const { return freshness_of(state_); }
  base::TimePoint deadline(Judgement judgement) const;

 private:
  Change enter(State state);
  Change suspect();
  bool is_bridged(base::TimePoint now) const { return is_heard(now, config_->suspect_after); }
  Change answered(base::TimePoint now);
  bool may_die(Judgement judgement) const;
  base::TimePoint last_sign() const;  // of the origin or its endpoints

  const NodeConfig* config_;
  State state_ = State::fresh;
  std::uint64_t incarnation_ = 0, sequence_ = 0;  // of the newest word
  std::uint64_t ended_ = 0;                       // this incarnation has said goodbye
  std::optional<base::TimePoint> spoke_at_;       // of the newest word, by summed ages
  base::TimePoint silent_since_;                  // the same, less our own stalls
  base::TimePoint answered_at_;                   // the last answered probe
  base::TimePoint held_until_;                    // while it is returning
  std::optional<base::TimePoint> returned_at_;    // from its last silence
  std::optional<base::TimePoint> own_word_at_;    // over its own link, while that is not lost
  std::optional<Probes> outcome_;                 // since the path was last in doubt
  unsigned failed_rounds_ = 0;                    // in a row, kPathRounds at most
  bool heard_ = true;                             // since it was suspected last
  bool left_ = false;                             // dead by its own word: not probed
};

}  // namespace discovery
