// Processor time of this thread: what others do on the machine does not count. Asking costs half a
// microsecond itself.
#pragma once

#include <time.h>

#include <chrono>

#include "base/time.hpp"

namespace bench {

inline base::Duration processor_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace bench
