// Processor time of this thread: what others do on the machine does not count. Asking costs half a
// microsecond itself. Thread: any; a Laps belongs to one.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdio>

#include "base/time.hpp"

namespace bench {

inline base::Duration processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Stages in a row: each lap() prints what has passed since the one before.
class Laps {
 public:
  void lap(const char* what) {
    const auto at = processor_time();
    const std::chrono::duration<double, std::milli> passed = at - last_;
    std::printf("  %-28s %10.2f ms\n", what, passed.count());
    last_ = processor_time();
  }
  void start() { last_ = processor_time(); }

 private:
  base::Duration last_ = processor_time();
};

}  // namespace bench
