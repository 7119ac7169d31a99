// Origins that cost more than an origin may, and for how long nothing more is taken of them.
//
// Three accounts are kept of each: faults (frames that make no sense), lives (each costs a whole
// snapshot) and rows sent. Each is a bucket that leaks at the rate that is allowed for long; what
// overflows brings the origin into quarantine, and so does a state beyond the limits. Its last good
// state serves on, marked, its beacons still count, and everybody else's rows flow. It is released
// by itself, after Limits::quarantine, twice as long with each relapse.
//
// Bounds: an entry each origin that has done anything lately, kMaxOrigins of them. Errors: none.
// Thread: control only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "discovery/limits.hpp"

namespace discovery {

class Quarantine {
 public:
  static constexpr base::Duration kBurst = std::chrono::seconds(50);  // of the rate, at once
  static constexpr double kFaults = 4, kFaultsPerSecond = 0.1;
  static constexpr double kLives = 20, kLivesPerSecond = 0.1;
  // After so many times its last quarantine without another it begins anew.
  static constexpr int kProbation = 4;

  enum class Of : std::uint8_t {
    rows,   // nothing of what it has is taken, whoever brings it
    links,  // no new link of it is; what others bring of it is
  };
  struct Sentence {
    Of of = Of::rows;
    std::string why;
    base::TimePoint until{};
  };

  explicit Quarantine(const Limits& limits) : limits_(limits) {}

  // What it did. The sentence that this brings; null while it may still do so, or is in quarantine.
  const Sentence* fault(base::TimePoint now, const OriginId& origin, std::string_view what);
  const Sentence* life(base::TimePoint now, const OriginId& origin);
  const Sentence* rows(base::TimePoint now, const OriginId& origin, std::size_t count);
  const Sentence* too_large(base::TimePoint now, const OriginId& origin);

  const Sentence* find(const OriginId& origin) const;
  bool holds(const OriginId& origin, Of of) const;
  // Those whose time is over; forgets whoever has done nothing for long.
  std::vector<OriginId> release(base::TimePoint now);
  base::TimePoint deadline() const { return first_end_; }

 private:
  struct Account {
    double level = 0;
    base::TimePoint at{};
    // True when it overflows.
    bool add(base::TimePoint now, double what, double most, double per_second);
  };
  struct Record {
    Account faults, lives, rows;
    Sentence sentence;
    bool serving = false;
    unsigned sentences = 0;
    base::TimePoint clean_at{};  // when all is forgotten
  };
  Record* record(base::TimePoint now, const OriginId& origin);
  const Sentence* pass(base::TimePoint now, Record& record, Of of, std::string why);

  const Limits limits_;
  std::map<OriginId, Record> records_;
  base::TimePoint first_end_ = base::TimePoint::max();  // of the sentences
};

}  // namespace discovery
