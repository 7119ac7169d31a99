// Hosts of virtual destinations outside the agent's zones: served all the same, each as its own
// apex (DESIGN §5), but nobody asks this agent for them unless a stub says so. One warning each, at
// its place. Thread: pure.
#pragma once

#include <string>
#include <vector>

#include "resources/documents.hpp"

namespace agent {

resources::Problems warn_of_foreign_hosts(
    const resources::SharedList<resources::VirtualDestination>& destinations,
    const std::vector<std::string>& zones);

}  // namespace agent
