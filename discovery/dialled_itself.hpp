// The one reason for refusing a link that is nobody's mistake: a name that stands for several
// agents has led an agent to itself. No operator need hear of it.
#pragma once

#include <string_view>

namespace discovery {

inline constexpr std::string_view kDialledItself = "this agent dialled itself";

}  // namespace discovery
