// YAML text as trees, through yaml-cpp's events: its exceptions and its types end in
// yaml_reader.cpp.
#pragma once

#include <functional>
#include <string_view>

#include "resources/tree.hpp"

namespace resources {

// `text` is UTF-8 without NUL. See read_trees.
Problems read_yaml(std::string_view file_name, std::string_view text,
                   const std::function<void(Tree&&)>& each);

}  // namespace resources
