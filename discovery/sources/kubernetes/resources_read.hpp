// What an agent reads of an API server, and how its custom resources are called elsewhere.
//
// Services and EndpointSlices are needed, Nodes are of use, and so are Pods where a subset looks at
// their labels. The documents
// (resources/kinds/catalogue.hpp) may be defined by us or by Gloo, by both or by nobody. Thread:
// pure functions.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "discovery/sources/kubernetes/reflector.hpp"

namespace discovery::sources::kubernetes {

std::vector<Resource> resources_read();
// Of the custom ones among them, each once: "apis/networking.nearmost.internal/v2".
std::vector<std::string> groups_of(const std::vector<Resource>& resources);

// As problems and status name the text of a custom resource: "kubernetes: RouteTable shop/reviews",
// with its group where that is not ours.
std::string place_of(const Resource& resource, const std::string& object);

// Ours are ours to write a status to.
bool is_ours(const Resource& resource);
// Of such a place: the kind, and the object; empty where it is not ours.
std::pair<std::string_view, std::string_view> object_of_ours(std::string_view place);
std::string status_path(const Resource& resource, std::string_view object);

}  // namespace discovery::sources::kubernetes
