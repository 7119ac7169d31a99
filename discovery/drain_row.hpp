// The codec of the one row that says what an origin drains (row.hpp has that of all kinds).
//
// Errors: false where the bytes say what no row may. Thread: pure functions.
#pragma once

#include <string_view>

#include "discovery/row.hpp"

namespace discovery {

EncodedRow encode_row(const DrainRow& row);
bool decode_drains(std::string_view value, DrainRow& row);

}  // namespace discovery
