#include "base/net/watch.hpp"

#include <sys/epoll.h>

namespace base::net {

Watch::Watch(EventLoop& loop, Fd fd)
    : loop_(loop), fd_(std::move(fd)), reads_(loop), writes_(loop) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = this;
  registered_ = ::epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_ADD, fd_.get(), &event) == 0;
}

void Watch::wait(Side& side, Waiter& waiter, TimePoint deadline) {
  INVARIANT(side.waiting_.empty());
  waiter.timed_out = false;
  // Out of memory or watches for epoll: nothing will ever be told, so the wait is over before it
  // began.
  if (!registered_ || deadline <= loop_.now()) {
    waiter.timed_out = true;
    loop_.resume_soon(waiter);
    return;
  }
  side.waiting_.push_back(waiter);
  side.deadline_ = deadline;
  if (!side.armed() || side.at() > deadline) loop_.timers().arm(side, deadline);
}

void Watch::on_events(std::uint32_t events) {
  if (events & (EPOLLHUP | EPOLLERR)) hung_up_ = true;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) peer_closed_ = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) reads_.notify();
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) writes_.notify();
}

void Watch::Side::notify() {
  ready = true;
  if (!waiting_.empty()) loop_.resume_soon(waiting_.front());
}

void Watch::Side::run_out(Timer& timer) {
  auto& side = static_cast<Side&>(timer);
  if (side.waiting_.empty()) return;
  if (side.deadline_ > side.loop_.now()) {
    side.loop_.timers().arm(timer, side.deadline_);
    return;
  }
  side.waiting_.front().timed_out = true;
  side.loop_.resume_soon(side.waiting_.front());
}

}  // namespace base::net
