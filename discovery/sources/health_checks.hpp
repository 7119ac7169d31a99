// Which endpoints of documents answer, and when to ask them again: the brain of what Checker does.
//
// How an endpoint is asked, how often and how many failures in a row take it out or answers bring
// it back its document says (resources::HealthCheck); the first of all decides at once; an endpoint
// that is to be asked otherwise is asked at once and stays what it is until then. They are spread
// in time; where there are more than can be asked (kMaxAtOnce at once) it takes longer. Whoever
// refuses is down; who is silent may be hidden by a network of our own that fails: where more than
// half of at least kMany are silent, those are believed to be up for kDoubted, or until most have
// answered for kCalm, and it is said (DESIGN §4 does the same with a source that loses its rows).
// Time and randomness are arguments. Cost: what is asked, and who is down. Thread: one at a time.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "base/time.hpp"
#include "discovery/sources/rows.hpp"

namespace discovery::sources {

class HealthChecks {
 public:
  static constexpr std::size_t kMaxAtOnce = 256;
  static constexpr std::size_t kMany = 10;
  static constexpr base::Duration kDoubted = std::chrono::seconds(60);
  static constexpr base::Duration kCalm = std::chrono::seconds(5);

  // wrong: it answers, and not as it should.
  enum class Answer : std::uint8_t { open, refused, wrong, silent, not_asked };
  struct Question {
    EndpointName endpoint;
    CheckTarget target;
    std::uint64_t ticket = 0;
  };
  struct Status {
    EndpointName endpoint;
    std::string why;       // by the last failure
    base::Duration since;  // how long it is down
  };

  explicit HealthChecks(base::Random random) : random_(random) {}

  void want(CheckTargets targets, base::TimePoint now);
  // Whom to ask now; each is answered(), once. `not_asked`, for want of what is ours, says nothing.
  std::vector<Question> due(base::TimePoint now);
  // `said`: what was wrong ("answers 503").
  void answered(const Question& question, Answer answer, base::TimePoint now,
                std::string said = "");

  // Decides who is to be believed to be down. False: nothing has changed that matters for it.
  bool judge(base::TimePoint now);
  Failing failing() const;  // those
  // Since when the silence of many is doubted; nothing: it is not.
  std::optional<base::TimePoint> doubted() const { return doubted_since_; }
  std::size_t checked() const { return checks_.size(); }
  bool all_asked() const { return asked_ == checks_.size(); }  // once, at the least
  std::vector<Status> down(base::TimePoint now) const;

 private:
  struct Check {
    CheckTarget target;
    base::TimePoint next{};
    std::uint64_t ticket = 0;  // of the question under way; 0 = none, and it is in the queue
    bool asked = false, down = false;
    bool believed = false;       // to be down
    std::uint32_t in_a_row = 0;  // answers that contradict `down`
    Answer last = Answer::open;
    std::string why;     // it failed when it did last
    std::string reason;  // it went down: one reason a fall, for each is told to all clusters
    base::TimePoint since{};
  };
  void ask_at(const EndpointName& endpoint, Check& check, base::TimePoint at);
  void forget(const EndpointName& endpoint, const Check& check);
  base::Duration spread(base::Duration about);

  base::Random random_;
  std::map<EndpointName, Check> checks_;
  std::set<std::pair<base::TimePoint, EndpointName>> queue_;
  std::set<EndpointName> down_;
  std::size_t asking_ = 0, asked_ = 0, silent_ = 0;
  std::uint64_t tickets_ = 0;
  bool unjudged_ = false;
  std::optional<base::TimePoint> doubted_since_, calm_since_;
  base::TimePoint judge_again_ = base::TimePoint::max();
};

}  // namespace discovery::sources
