#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/fuzzer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto what = fuzz::broken({reinterpret_cast<const char*>(data), size});
  if (!what.empty()) {
    std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
  }
  return 0;
}
