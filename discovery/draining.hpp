// What this agent drains on an operator's order: each drain a ramp from all to nothing, or back.
//
// A ramp moves in steps of kStep; what is left at each is said to everybody by one row
// (DrainRow), so that no receiver needs a clock. A drain stays until it is taken back. Invariant:
// drains() names what less than all is left of, and nothing else. Limit: kMaxDrainsInRow drains.
// Errors: Code::exhausted beyond it. Thread: one at a time.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "discovery/view/drains.hpp"

namespace discovery {

// What outlives the agent. A ramp that had not ended begins again.
struct DrainOrder {
  view::DrainTarget target;
  base::Duration over{};
  bool ended = false;  // nothing is left
  friend bool operator==(const DrainOrder&, const DrainOrder&) = default;
};

class Draining {
 public:
  static constexpr base::Duration kStep = std::chrono::seconds(1);
  static constexpr base::Duration kLongest = std::chrono::hours(24);  // a ramp may last

  struct Status {
    view::DrainTarget target;
    std::uint16_t left = 0, goal = 0;  // thousandths
    base::Duration rest{};             // until left is goal
  };

  // From what is left now, in `over`; again is another pace.
  base::Result<void> drain(base::TimePoint now, const view::DrainTarget& target,
                           base::Duration over);
  // False: it is not drained.
  bool undrain(base::TimePoint now, const view::DrainTarget& target, base::Duration over);
  void resume(base::TimePoint now, const std::vector<DrainOrder>& orders);

  // Takes every ramp to where it is by now. True: drains() or orders() are others than before.
  bool tick(base::TimePoint now);
  // When tick() has something to do; max: never.
  base::TimePoint deadline() const;

  view::Drains drains() const;
  std::vector<DrainOrder> orders() const;  // of what is to be nothing
  std::vector<Status> status(base::TimePoint now) const;

 private:
  struct Ramp {
    view::DrainTarget target;
    std::uint16_t from = view::kAllLeft, goal = 0, left = view::kAllLeft;
    base::TimePoint begun{}, next{};
    base::Duration over{};

    bool has_ended() const { return left == goal; }
    std::uint16_t left_at(base::TimePoint now) const;
  };
  Ramp* find(const view::DrainTarget& target);

  std::vector<Ramp> ramps_;
};

}  // namespace discovery
