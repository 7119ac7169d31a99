// What a stretch of code costs in allocations and locks: of all threads, counted as they are made.
//
// Linking effort.cpp puts it between this binary and libc: pthread's locks always; malloc and what
// is like it, through which operator new goes, too, but under a sanitizer that has the allocator,
// whose hook counts instead. So it belongs in a test binary of its own. Thread: any.
#pragma once

#include <cstdint>

namespace effort {

struct Effort {
  std::uint64_t allocations = 0, locks = 0;
  friend Effort operator-(const Effort& one, const Effort& other) {
    return {one.allocations - other.allocations, one.locks - other.locks};
  }
};

Effort so_far();

}  // namespace effort
