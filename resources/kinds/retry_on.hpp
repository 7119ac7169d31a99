// Envoy's comma list of conditions and status numbers, as Gloo's retryOn has it.
#pragma once

#include "resources/binder.hpp"
#include "resources/retry_timeout_policy.hpp"

namespace resources {

// Warns of each condition that nobody knows, and of those that mean nothing over HTTP/1.1.
void read(const Value& value, RetryOn& out);

}  // namespace resources
