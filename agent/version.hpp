// The program's version, as CMakeLists.txt says it.
#pragma once

#include <string_view>

namespace agent {

inline constexpr std::string_view kVersion = NEARMOST_VERSION;

}  // namespace agent
