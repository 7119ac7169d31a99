// A tree that was read from JSON as JSON again, on one line: read_trees() makes the same tree of
// it, marks aside, be it taken for JSON or for YAML. Thread: a pure function.
#pragma once

#include <string>

#include "resources/tree.hpp"

namespace resources {

std::string to_json(const Node& node);

}  // namespace resources
