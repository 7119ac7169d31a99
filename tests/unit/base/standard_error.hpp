// What goes to standard error, as text.
#pragma once

#include <unistd.h>

#include <array>
#include <functional>
#include <string>

#include "base/result.hpp"

// What is written to standard error while `work` runs: the first 4 KiB of what fits into a pipe.
inline std::string standard_error_of(const std::function<void()>& work) {
  std::array<int, 2> ends{};
  INVARIANT(::pipe(ends.data()) == 0);
  const int saved = ::dup(STDERR_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
  ::close(ends[1]);
  work();
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  std::array<char, 4096> buffer{};
  const auto count = ::read(ends[0], buffer.data(), buffer.size());
  ::close(ends[0]);
  return {buffer.data(), static_cast<std::size_t>(count > 0 ? count : 0)};
}
