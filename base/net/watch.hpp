// One descriptor, registered once and edge-triggered: what it is ready for, and the one coroutine
// that waits to read and the one that waits to write.
//
// A flag says "a system call may succeed"; whoever makes the call clears it on EAGAIN or a short
// count, so a call is never made in vain. The deadline's timer is lazy: it stays armed from wait to
// wait and is moved only when it fires before the deadline of the wait it finds (forwarder.md
// §10.1).
//
// Invariant: at most one waiter a side.
// Thread: the loop's.
#pragma once

#include <cstdint>

#include "base/net/event_loop.hpp"
#include "base/net/fd.hpp"

namespace base::net {

class Watch {
 public:
  class Side : Timer {
   public:
    bool ready = false;

   private:
    friend class Watch;
    explicit Side(EventLoop& loop) : Timer(run_out), loop_(loop) {}
    void notify();
    static void run_out(Timer& timer);

    EventLoop& loop_;
    Queue<Waiter> waiting_;
    TimePoint deadline_ = kNoDeadline;
  };

  Watch(EventLoop& loop, Fd fd);

  EventLoop& loop() { return loop_; }
  int fd() const { return fd_.get(); }
  Side& reads() { return reads_; }
  Side& writes() { return writes_; }
  // The peer has ended its direction, or the connection is gone: reading goes on until the end is
  // read.
  bool peer_closed() const { return peer_closed_; }
  // Both directions are gone (reset, or refused).
  bool hung_up() const { return hung_up_; }

  // Puts `waiter` on the ready queue when the side gets ready, or at the deadline with `timed_out`.
  void wait(Side& side, Waiter& waiter, TimePoint deadline);

 private:
  friend class EventLoop;
  void on_events(std::uint32_t events);

  EventLoop& loop_;
  Fd fd_;
  bool registered_ = false;
  bool peer_closed_ = false;
  bool hung_up_ = false;
  Side reads_, writes_;
};

}  // namespace base::net
