// One thread's turns: wait for descriptors and timers, then run what became ready, then wait again.
//
// A turn reads the clock once, right after the wait: `now()` stands still while coroutines run.
// Readiness and timers only put waiters on the ready queue; coroutines are resumed from that queue
// alone, never from inside another one's event, so nothing dies under the feet of a caller and the
// stack stays flat.
//
// Invariants: at most kResumesPerTurn resumptions between two looks at the kernel, so no chatter
// between coroutines starves the sockets; a posted function runs on the loop's thread, in the order
// posted. Thread: everything but post(), wake() and stop() belongs to the thread that runs the
// loop. Anything that waits on a loop must be gone before the loop is.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "base/inbox.hpp"
#include "base/net/fd.hpp"
#include "base/net/timer.hpp"
#include "base/net/waiter.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace base::net {

class Watch;

class EventLoop {
 public:
  static constexpr std::size_t kPostCapacity = 4096;    // functions posted and not yet run
  static constexpr std::size_t kResumesPerTurn = 8192;  // then the sockets get their look
  static constexpr int kEventsPerTurn = 256;

  static Result<std::unique_ptr<EventLoop>> make();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // Turns until stop(). What is still suspended then stays so, for its owner to cancel.
  void run();
  // One turn; waits for at most `patience`.
  void turn(Duration patience);

  TimePoint now() const { return now_; }
  std::uint64_t turns() const { return turns_; }

  // From any thread. False: kPostCapacity reached and `delivery` allowed to drop it (counted).
  bool post(std::function<void()> work, Delivery delivery = Delivery::may_drop);
  std::uint64_t posts_dropped() const { return posted_.dropped(); }
  void wake();
  void stop();

  Timers& timers() { return timers_; }
  // This turn, behind what is ready already.
  void resume_soon(Waiter& waiter) { ready_.push_back(waiter); }
  // Next turn, after the sockets: for whoever has had its share of this one.
  void resume_next_turn(Waiter& waiter) { next_turn_.push_back(waiter); }

 private:
  friend class Watch;
  EventLoop(Fd epoll, Fd wakeup);
  void wait(Duration patience);
  void run_posted();
  void run_ready();
  void read_clock() { now_ = std::chrono::steady_clock::now(); }

  Fd epoll_, wakeup_;
  std::atomic<bool> stopping_{false};
  TimePoint now_;
  std::uint64_t turns_ = 0;
  bool woken_ = false;
  Timers timers_;
  Queue<Waiter> ready_, next_turn_;
  Inbox<std::function<void()>> posted_;
  std::vector<std::function<void()>> batch_;
};

// co_await sleep_until(loop, t): resumed on the first turn at or after t.
class [[nodiscard]] sleep_until : Waiter, Timer {
 public:
  sleep_until(EventLoop& loop, TimePoint at) : Timer(ring), loop_(loop), until_(at) {}
  bool await_ready() const { return until_ <= loop_.now(); }
  bool await_suspend(std::coroutine_handle<> handle) {
    coroutine = handle;
    loop_.timers().arm(*this, until_);
    return true;
  }
  void await_resume() const {}

 private:
  static void ring(Timer& timer) {
    auto& sleeper = static_cast<sleep_until&>(timer);
    sleeper.loop_.resume_soon(sleeper);
  }
  EventLoop& loop_;
  TimePoint until_;
};

// co_await next_turn(loop): lets the sockets and everyone else go first.
class [[nodiscard]] next_turn : Waiter {
 public:
  explicit next_turn(EventLoop& loop) : loop_(loop) {}
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> handle) {
    coroutine = handle;
    loop_.resume_next_turn(*this);
    return true;
  }
  void await_resume() const {}

 private:
  EventLoop& loop_;
};

}  // namespace base::net
