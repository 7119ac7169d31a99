// Which kinds there are: finds the reader for a document by its apiVersion and kind.
#pragma once

#include <string_view>

#include "resources/documents.hpp"
#include "resources/tree.hpp"

namespace resources {

// Reads one document (or a List of them). One with an error is among the broken; its problems say
// why.
void read_document(std::string_view file_name, Tree&& tree, Loaded& loaded);

}  // namespace resources
