// Which kinds there are: finds the reader for a document by its apiVersion and kind.
#pragma once

#include <string_view>

#include "resources/documents.hpp"
#include "resources/tree.hpp"

namespace resources {

// Reads one document (or a List of them) into `documents`. One with an error is left out; its
// problems say so.
void read_document(std::string_view file_name, Tree&& tree, Documents& documents,
                   Problems& problems);

}  // namespace resources
