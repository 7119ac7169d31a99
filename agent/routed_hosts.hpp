// Hosts that a route table of the mesh names exactly, and which table: their door is the forwarder
// (docs/ARCHITECTURE.md, "The door"). Thread: pure.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "resources/documents.hpp"

namespace agent {

std::map<std::string, std::string, std::less<>> routed_hosts(const resources::Documents& documents);

}  // namespace agent
