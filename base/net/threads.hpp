// Work for a moment on several threads: what an agent reads and decodes at its start is in parts
// that have nothing to do with each other.
//
// The caller's thread works too; the others are begun and joined within the call, some 50 µs each.
// Thread: any.
#pragma once

#include "base/each.hpp"

namespace base::net {

inline constexpr std::size_t kMaxThreads = 8;

// On as many threads as there are processors, to kMaxThreads.
Each on_all_processors();
Each on_threads(std::size_t threads);

}  // namespace base::net
