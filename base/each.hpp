// How something is done for each of many: one after the other, or on several threads at once, as
// who owns threads says (base/net/threads.hpp).
#pragma once

#include <cstddef>
#include <functional>

namespace base {

// Calls work(i) once for every i below `count`, in no order, perhaps several at once; returns when
// all are done.
using Each = std::function<void(std::size_t count, const std::function<void(std::size_t)>& work)>;

inline void one_by_one(std::size_t count, const std::function<void(std::size_t)>& work) {
  for (std::size_t i = 0; i < count; ++i) work(i);
}

}  // namespace base
