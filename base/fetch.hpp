// Asks for memory that will be read, all of its lines at once and without waiting for any: what is
// seldom used and has several costs one wait instead of one for each.
#pragma once

#include <cstddef>

namespace base {

inline void fetch(const void* memory, std::size_t size) {
  constexpr std::size_t kLine = 64;
  for (std::size_t at = 0; at < size; at += kLine)
    __builtin_prefetch(static_cast<const std::byte*>(memory) + at);
}

}  // namespace base
