// The fields of what Gloo knows and we do not serve yet: enough to tell a mistyped field from an
// unsupported one.
#pragma once

#include <string_view>
#include <vector>

#include "resources/binder.hpp"

namespace resources {

// Warns of fields and values that the shape of this name does not allow. An unknown name allows
// everything.
void check_shape(const Value& value, std::string_view shape);

// The kinds of Gloo whose spec has the shape "kind NAME".
std::vector<std::string_view> unsupported_kinds();

}  // namespace resources
