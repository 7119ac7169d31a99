// What this agent drains on an operator's order: each drain a ramp from all to nothing, or back.
//
// A ramp moves in steps of kStep; what is left at each is said to everybody by one row
// (DrainRow), so that no receiver needs a clock. A drain stays until it is taken back. An order
// that another agent of the cluster took is carried out here, too, from where its ramp is there, so
// that it outlives that agent: of one target the highest number counts (drain_state.hpp). What was
// taken back is remembered, lest an agent that was away bring it back. Invariants: of two agents
// that have heard each other's states() each says the same of every target, whatever came first
// and how often; a ramp that is adopted does not begin anew. Limits: kMaxDrainsInRow drains, and as
// many that were taken back, the latest. Errors: Code::exhausted beyond it. Thread: one at a time.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "discovery/drain_state.hpp"

namespace discovery {

// What outlives the agent. A ramp that had not ended begins again.
struct DrainOrder {
  view::DrainTarget target;
  base::Duration over{};
  bool ended = false;  // nothing is left
  OrderNumber order{};
  bool back = false;  // it was taken back: no older order counts
  friend bool operator==(const DrainOrder&, const DrainOrder&) = default;
};

class Draining {
 public:
  static constexpr base::Duration kStep = std::chrono::seconds(1);
  static constexpr base::Duration kLongest = std::chrono::hours(24);  // a ramp may last
  // Where another agent is further with the same order by more than this, it is followed.
  static constexpr base::Duration kAhead = 3 * kStep;

  struct Status {
    view::DrainTarget target;
    std::uint16_t left = 0, goal = 0;  // thousandths
    base::Duration rest{};             // until left is goal
  };

  // From what is left now, in `over`; again is another pace. `chance`: drawn for this order.
  base::Result<void> drain(base::TimePoint now, const view::DrainTarget& target,
                           base::Duration over, std::uint32_t chance);
  // False: it is not drained.
  bool undrain(base::TimePoint now, const view::DrainTarget& target, base::Duration over,
               std::uint32_t chance);
  void resume(base::TimePoint now, const std::vector<DrainOrder>& orders);
  // What another agent of the cluster says; a drain beyond the limit stays that one's alone.
  void adopt(base::TimePoint now, const DrainStates& theirs);

  // Takes every ramp to where it is by now. True: states() or orders() are others than before.
  bool tick(base::TimePoint now);
  // When tick() has something to do; max: never.
  base::TimePoint deadline() const;

  DrainStates states(base::TimePoint now) const;  // as of the last tick
  std::vector<DrainOrder> orders() const;
  std::vector<Status> status(base::TimePoint now) const;  // of what is drained

 private:
  struct Ramp {
    view::DrainTarget target;
    std::uint16_t from = view::kAllLeft, goal = 0, left = view::kAllLeft;
    base::TimePoint begun{}, next{};
    base::Duration over{};
    OrderNumber order;

    bool has_ended() const { return left == goal; }
    bool is_back() const { return goal == view::kAllLeft; }
    bool is_over() const { return is_back() && has_ended(); }
    std::uint16_t left_at(base::TimePoint now) const;
    base::Duration rest(base::TimePoint now) const;
    void turn(base::TimePoint now, std::uint16_t to, base::Duration in);
  };
  Ramp* find(const view::DrainTarget& target);
  bool has_room() const;
  OrderNumber next_order(std::uint32_t chance) const;
  void forget_oldest();

  std::vector<Ramp> ramps_;
};

}  // namespace discovery
