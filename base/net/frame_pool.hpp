// Where coroutine frames come from: freed frames are kept by size and handed out again, so a
// coroutine per request costs no allocation once the process is warm.
//
// Thread: each thread has its own lists (an allocator's cache and the only thread-local state there
// is); a frame may be freed by another thread than the one that made it. Under AddressSanitizer
// nothing is kept, so that it sees a frame used after its end.
#pragma once

#include <cstddef>

namespace base::net {

inline constexpr std::size_t kLargestPooledFrame = 4096;  // bytes; larger ones go to the heap
inline constexpr std::size_t kFramesKeptPerSize = 1024;   // of each 16-byte step, each thread

void* allocate_frame(std::size_t bytes);
void free_frame(void* frame, std::size_t bytes) noexcept;

}  // namespace base::net
