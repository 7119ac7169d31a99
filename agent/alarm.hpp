// Calls somebody when a deadline has come that may move at any time: one that comes nearer while
// another is waited for is heeded within kLooksEvery.
//
// Thread: the loop's. Ownership: the loop outlives it, and it what the functions use.
#pragma once

#include <algorithm>
#include <functional>

#include "base/net/event_loop.hpp"
#include "base/net/task.hpp"

namespace agent {

class Alarm {
 public:
  static constexpr base::Duration kLooksEvery = std::chrono::seconds(1);

  // `deadline`: the next, max = none. `ring` is not called from within look().
  // `stalled`: this process stood still for so long; before ring.
  Alarm(base::net::EventLoop& loop, std::function<base::TimePoint()> deadline,
        std::function<void()> ring, std::function<void(base::Duration)> stalled = {})
      : loop_(loop),
        deadline_(std::move(deadline)),
        ring_(std::move(ring)),
        stalled_(std::move(stalled)),
        scope_(loop) {}

  // To be called where there may be a deadline and was none before.
  void look() {
    if (waits_ || deadline_() == base::TimePoint::max()) return;
    waits_ = true;
    scope_.spawn(wait());
  }

 private:
  base::net::Task<void> wait() {
    while (deadline_() != base::TimePoint::max()) {
      const auto until = std::min(deadline_(), loop_.now() + kLooksEvery);
      co_await base::net::sleep_until(loop_, until);
      if (const auto late = loop_.now() - until; late > kLooksEvery && stalled_) stalled_(late);
      if (deadline_() <= loop_.now()) ring_();
    }
    waits_ = false;
  }

  base::net::EventLoop& loop_;
  const std::function<base::TimePoint()> deadline_;
  const std::function<void()> ring_;
  const std::function<void(base::Duration)> stalled_;
  bool waits_ = false;
  base::net::Scope scope_;
};

}  // namespace agent
