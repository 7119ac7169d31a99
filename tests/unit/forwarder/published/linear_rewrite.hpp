// What Gloo's rules make of a request that a route takes. Thread: pure.
#pragma once

#include <string>

#include "tests/unit/forwarder/published/linear_routes.hpp"

namespace linear {

std::string lower(std::string text);
// Lower case, without a port and a trailing dot.
std::string plain_host(std::string host);
// Path and query as they go on.
std::string rewritten(const resources::ForwardTo& forward, const Way& way, const Asked& asked);
std::string location(const resources::Redirect& redirect, const Asked& asked);

}  // namespace linear
