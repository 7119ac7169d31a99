// Time as an argument: brains are handed a TimePoint and never ask for one.
//
// TimePoint is the steady clock's type so that skins can pass what they read; its epoch means nothing and it never
// goes on a wire or a disk. Wall clocks decide nothing in this program; they appear in logs and documents only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace base {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

using namespace std::chrono_literals;

inline std::int64_t to_ms(Duration d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d).count();
}

// "850ms", "4.1s", "3m12s", "26h": for people, not for parsing.
std::string to_string(Duration d);

}  // namespace base
