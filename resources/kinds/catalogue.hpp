// Which kinds there are: finds the reader for a document by its apiVersion and kind.
//
// Gloo's kinds may also be written with a group of our own: a cluster without Gloo has them as
// custom resources of ours, whose status is ours to write.
#pragma once

#include <string_view>
#include <vector>

#include "resources/documents.hpp"
#include "resources/tree.hpp"

namespace resources {

inline constexpr std::string_view kOwnGroup = "networking.nearmost.internal";
inline constexpr std::string_view kOwnVersion = "v2";

// What is read of Gloo's groups, and as well of kOwnGroup.
struct CustomKind {
  std::string_view group, version, kind;
};
std::vector<CustomKind> custom_kinds();

// Reads one document (or a List of them). One with an error is among the broken; its problems say
// why.
void read_document(std::string_view file_name, Tree&& tree, Loaded& loaded);

}  // namespace resources
