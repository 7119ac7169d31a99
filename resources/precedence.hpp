// Why one of two documents that claim the same thing wins over the other: see precedes().
//
// One of a file wins before one that is not: objects of an API server may be anybody's. Thread:
// pure functions.
#pragma once

#include <string>

#include "resources/object.hpp"

namespace resources {

// Whether it stands in a file: objects of an API server have no lines.
bool is_of_file(const Metadata& object);

// "of a file", "older" or "first by name"; `a` precedes `b`.
std::string why_precedes(const Metadata& a, const Metadata& b);

}  // namespace resources
