#include "base/net/timer.hpp"

#include "base/result.hpp"

namespace base::net {

void Timer::disarm() {
  if (timers_) timers_->remove(*this);
}

Timers::~Timers() {
  for (Timer* timer : heap_) timer->timers_ = nullptr;
}

void Timers::arm(Timer& timer, TimePoint at) {
  timer.disarm();
  if (at == kNoDeadline) return;
  timer.at_ = at;
  timer.timers_ = this;
  heap_.push_back(&timer);
  sift_up(heap_.size() - 1);
}

void Timers::fire_until(TimePoint now) {
  while (!heap_.empty() && heap_.front()->at_ <= now) {
    Timer& due = *heap_.front();
    remove(due);
    due.fire_(due);
    INVARIANT(!due.armed() || due.at_ > now);
  }
}

void Timers::remove(Timer& timer) {
  const auto hole = timer.place_;
  timer.timers_ = nullptr;
  Timer* last = heap_.back();
  heap_.pop_back();
  if (last == &timer) return;
  place(*last, hole);
  sift_up(hole);
  sift_down(last->place_);
}

void Timers::place(Timer& timer, std::size_t at) {
  heap_[at] = &timer;
  timer.place_ = static_cast<std::uint32_t>(at);
}

void Timers::sift_up(std::size_t at) {
  Timer& timer = *heap_[at];
  while (at > 0 && heap_[(at - 1) / 2]->at_ > timer.at_) {
    place(*heap_[(at - 1) / 2], at);
    at = (at - 1) / 2;
  }
  place(timer, at);
}

void Timers::sift_down(std::size_t at) {
  Timer& timer = *heap_[at];
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->at_ < heap_[child]->at_) ++child;
    if (heap_[child]->at_ >= timer.at_) break;
    place(*heap_[child], at);
    at = child;
  }
  place(timer, at);
}

}  // namespace base::net
