#include "base/time.hpp"

#include <cstdio>

namespace base {

std::string to_string(Duration d) {
  const auto ms = to_ms(d);
  if (ms < 0) return "-" + to_string(std::chrono::milliseconds(-ms));
  char text[32];
  if (ms < 1000) {
    std::snprintf(text, sizeof text, "%lldms", static_cast<long long>(ms));
  } else if (ms < 60'000) {
    std::snprintf(text, sizeof text, "%lld.%llds", static_cast<long long>(ms / 1000),
                  static_cast<long long>(ms / 100 % 10));
  } else if (ms < 3'600'000) {
    std::snprintf(text, sizeof text, "%lldm%llds", static_cast<long long>(ms / 60'000),
                  static_cast<long long>(ms / 1000 % 60));
  } else {
    std::snprintf(text, sizeof text, "%lldh%lldm", static_cast<long long>(ms / 3'600'000),
                  static_cast<long long>(ms / 60'000 % 60));
  }
  return text;
}

}  // namespace base
