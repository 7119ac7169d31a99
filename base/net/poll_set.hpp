// The descriptors of a library that opens and closes its own (c-ares), for a thread that waits with
// poll(), and a way to wake it.
//
// Small sets: a wait looks at all of them. Thread: one, but wake() is any thread's.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/net/fd.hpp"
#include "base/time.hpp"

namespace base::net {

class PollSet {
 public:
  struct Ready {
    void* owner;
    int fd;
    bool readable, writable;  // an error or an end is readable
  };

  PollSet();

  // Neither reads nor writes: forgotten. Whoever owns a descriptor says so before it closes it.
  void watch(void* owner, int fd, bool reads, bool writes);
  void wake();
  // Until one is ready, wake() was called, or `patience` ran out (none: for ever). The answer is
  // valid until the next wait; what a descriptor's owner closed since is still in it.
  std::span<const Ready> wait(std::optional<Duration> patience);

 private:
  struct Watched {
    void* owner;
    short events;
  };
  const Fd wakeup_;
  std::map<int, Watched> watched_;
  std::vector<Ready> ready_;
};

}  // namespace base::net
