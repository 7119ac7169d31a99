// Reads `check` of a service in the short form: true, false, or how.
#pragma once

#include "resources/binder.hpp"
#include "resources/service.hpp"

namespace resources {

// Its ports must have been read.
void read_check(const Value& value, StaticService& out);

}  // namespace resources
