// What a problem says of a destination that no cluster serves, as far as this agent knows.
#pragma once

#include <string_view>

namespace forwarder {

// How the message of a problem ends whose route names a destination that no cluster serves: whoever
// compiles without the other clusters must not take that for a mistake.
inline constexpr std::string_view kNotKnownHere = " is not known here";

}  // namespace forwarder
