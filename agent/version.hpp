// The program's version, as CMakeLists.txt says it.
#pragma once

#include <string_view>

namespace agent {

std::string_view version();

}  // namespace agent
