// The fields of what Gloo knows and we do not serve yet: enough to tell a mistyped field from an
// unsupported one.
#pragma once

#include <string_view>

#include "resources/binder.hpp"

namespace resources {

// Warns of fields and values that the shape of this name does not allow. An unknown name allows
// everything.
void check_shape(const Value& value, std::string_view shape);

}  // namespace resources
