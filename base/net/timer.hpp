// Deadlines in order: a binary heap of timers that live in what they belong to.
//
// Invariant: a Timer that is armed is in exactly one Timers and takes itself out when it dies.
// Thread: the loop's. Cost: O(log armed) to arm or disarm; what waits often keeps its timer armed
// and moves it only when it fires early (see Watch), so a keep-alive request costs no timer work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.hpp"

namespace base::net {

inline constexpr TimePoint kNoDeadline = TimePoint::max();

class Timers;

class Timer {
 public:
  using Fire = void (*)(Timer&);
  explicit Timer(Fire fire) : fire_(fire) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { disarm(); }

  bool armed() const { return timers_ != nullptr; }
  TimePoint at() const { return at_; }
  void disarm();

 private:
  friend class Timers;
  const Fire fire_;
  Timers* timers_ = nullptr;
  TimePoint at_{};
  std::uint32_t place_ = 0;  // in the heap
};

class Timers {
 public:
  Timers() = default;
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;
  ~Timers();

  // (Re-)arms. kNoDeadline disarms.
  void arm(Timer& timer, TimePoint at);
  // kNoDeadline when nothing is armed.
  TimePoint next() const { return heap_.empty() ? kNoDeadline : heap_.front()->at_; }
  // Disarms and fires all that are due, earliest first; a timer may arm itself again, for later
  // than `now`.
  void fire_until(TimePoint now);

 private:
  friend class Timer;
  void remove(Timer& timer);
  void place(Timer& timer, std::size_t at);
  void sift_up(std::size_t at);
  void sift_down(std::size_t at);
  std::vector<Timer*> heap_;
};

}  // namespace base::net
