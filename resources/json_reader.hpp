// JSON text as trees, through nlohmann's SAX events, which end in json_reader.cpp.
#pragma once

#include <functional>
#include <string_view>

#include "resources/tree.hpp"

namespace resources {

// `text` is UTF-8 without NUL; several values may follow each other (kubectl's and jq's streams).
// See read_trees.
Problems read_json(std::string_view file_name, std::string_view text,
                   const std::function<void(Tree&&)>& each);

}  // namespace resources
