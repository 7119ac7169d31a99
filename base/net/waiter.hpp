// A suspended coroutine's place in one queue at a time; leaving scope takes it out of whatever
// queue it is in.
//
// That is how cancelling works here: destroying a coroutine's frame destroys the awaiter in it, and
// with it the only link that the loop, a descriptor or an event had to it. Nothing is notified and
// nothing can be resumed twice.
//
// Invariant: a Waiter is linked to at most one Queue. Queues own nothing.
// Thread: the loop's.
#pragma once

#include <coroutine>

namespace base::net {

class Link {
 public:
  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { unlink(); }

  bool linked() const { return next_ != this; }
  void unlink() {
    next_->previous_ = previous_;
    previous_->next_ = next_;
    next_ = previous_ = this;
  }

 protected:
  void insert_before(Link& position) {
    unlink();
    next_ = &position;
    previous_ = position.previous_;
    previous_->next_ = this;
    position.previous_ = this;
  }

 private:
  template <class T>
  friend class Queue;
  Link* next_ = this;
  Link* previous_ = this;
};

// Holds T's that derive from Link, in order, by address.
template <class T>
class Queue {
 public:
  bool empty() const { return !head_.linked(); }
  T& front() { return static_cast<T&>(*head_.next_); }
  // Takes `item` out of the queue it was in.
  void push_back(T& item) { static_cast<Link&>(item).insert_before(head_); }
  T& pop_front() {
    T& item = front();
    item.unlink();
    return item;
  }
  // Moves all of `other` behind ours.
  void append(Queue& other) {
    while (!other.empty()) push_back(other.pop_front());
  }

 private:
  Link head_;
};

struct Waiter : Link {
  std::coroutine_handle<> coroutine;
  // Asked when its turn has come, right before `coroutine` would be resumed. False: do not resume
  // it; it waits again, or is gone.
  bool (*prepare)(Waiter&) = nullptr;
  bool timed_out = false;
};

}  // namespace base::net
