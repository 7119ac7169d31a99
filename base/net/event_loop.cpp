#include "base/net/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

#include "base/net/watch.hpp"

namespace base::net {

Result<std::unique_ptr<EventLoop>> EventLoop::make() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return from_errno("epoll_create1", errno);
  Fd wakeup(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wakeup.valid()) return from_errno("eventfd", errno);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;  // a wake-up: no Watch behind it
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wakeup.get(), &event) != 0)
    return from_errno("epoll_ctl", errno);
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(wakeup)));
}

EventLoop::EventLoop(Fd epoll, Fd wakeup)
    : epoll_(std::move(epoll)),
      wakeup_(std::move(wakeup)),
      posted_(kPostCapacity, [this] { wake(); }) {
  read_clock();
}

EventLoop::~EventLoop() { INVARIANT(timers_.next() == kNoDeadline); }

void EventLoop::run() {
  while (!stopping_.load(std::memory_order_acquire)) turn(Duration::max());
}

void EventLoop::turn(Duration patience) {
  ++turns_;
  wait(patience);
  timers_.fire_until(now_);
  run_posted();
  ready_.append(next_turn_);
  run_ready();
}

bool EventLoop::post(std::function<void()> work, Delivery delivery) {
  return posted_.post(std::move(work), delivery);
}

// An edge-triggered eventfd wakes at every write and need not be read.
void EventLoop::wake() {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then a wake-up is under way.
  [[maybe_unused]] const auto written = ::write(wakeup_.get(), &one, sizeof one);
}

void EventLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  wake();
}

void EventLoop::wait(Duration patience) {
  const bool work_waits = !ready_.empty() || !next_turn_.empty();
  if (work_waits) patience = Duration::zero();
  if (timers_.next() != kNoDeadline) patience = std::min(patience, timers_.next() - now_);
  int timeout_ms = -1;
  if (patience != Duration::max()) {
    // Rounded up: a timer never fires early, so a wait never spins through its last millisecond.
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
    timeout_ms = static_cast<int>(std::clamp<std::int64_t>(ms, 0, std::numeric_limits<int>::max()));
  }
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, timeout_ms);
  INVARIANT(count >= 0 || errno == EINTR);
  read_clock();
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr)
      static_cast<Watch*>(event.data.ptr)->on_events(event.events);
    else
      woken_ = true;
  }
}

void EventLoop::run_posted() {
  if (!std::exchange(woken_, false)) return;
  posted_.drain(batch_);
  for (const auto& work : batch_) work();
  batch_.clear();
}

void EventLoop::run_ready() {
  for (std::size_t n = 0; n < kResumesPerTurn && !ready_.empty(); ++n) {
    Waiter& waiter = ready_.pop_front();
    if (!waiter.prepare || waiter.prepare(waiter)) waiter.coroutine.resume();
  }
}

}  // namespace base::net
