// What an agent thinks of every origin, in the order in which it changed its mind: one log for all
// its leaves, of which each has a place in it.
//
// An origin stands in it once, with its newest verdict, so whoever is behind catches up with what
// holds now and a slow leaf costs a number. Forgotten origins stay as such, kMaxForgotten at most:
// a leaf may have them still. Thread: control only.
#pragma once

#include <map>
#include <vector>

#include "discovery/verdict.hpp"

namespace discovery {

class VerdictLog {
 public:
  static constexpr std::size_t kMaxForgotten = 4'096;

  // Told again when anything of it differs; of a fresh origin its age does not count.
  void note(Verdict verdict, std::optional<base::TimePoint> spoke_at);
  void forget(const OriginId& origin);
  // Nothing is thought of it any more, nor that it is forgotten. Leaves that follow do not learn
  // it.
  void drop(const OriginId& origin);

  std::uint64_t newest() const { return numbers_; }
  std::uint64_t digest() const { return sum_; }
  // Those after `place`, as much as a frame may carry, at least one; moves `place` behind them.
  std::vector<Verdict> since(std::uint64_t& place, base::TimePoint now) const;
  // The oldest of the newest words of those that are fresh. Looked for anew at each settle(),
  // between two of which words only get newer.
  base::Duration heard(base::TimePoint now) const {
    return oldest_ ? now - *oldest_ : base::Duration{};
  }
  void settle();

 private:
  struct Entry {
    Verdict verdict;
    std::optional<base::TimePoint> spoke_at;
    std::uint64_t number = 0, digest = 0;
  };
  void erase(std::map<OriginId, Entry>::iterator at);
  void put(Entry& entry, Verdict verdict, std::optional<base::TimePoint> spoke_at);

  std::map<OriginId, Entry> entries_;
  std::map<std::uint64_t, OriginId> order_;
  std::uint64_t numbers_ = 0, sum_ = 0;
  std::size_t forgotten_ = 0;
  std::optional<base::TimePoint> oldest_;
};

}  // namespace discovery
