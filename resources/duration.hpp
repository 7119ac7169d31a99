// Durations as Go writes them, which is how Gloo's documents do: "300ms", "1.5h", "2h45m".
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace resources {

// Go's time.ParseDuration: a sign, then numbers with a fraction and a unit (ns us µs ms s m h), or
// a bare "0".
base::Result<base::Duration> parse_duration(std::string_view text);

}  // namespace resources
