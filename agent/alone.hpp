// Documents as this cluster alone would serve them: what is wrong with them that only shows when
// they become rows, a view and routes (a bad regex, a service defined twice over), before anything
// serves.
//
// Thread: pure.
#pragma once

#include <string>
#include <vector>

#include "agent/config.hpp"
#include "base/address.hpp"
#include "forwarder/compile.hpp"
#include "resources/documents.hpp"

namespace agent {

struct Alone {
  resources::Problems problems;
  std::vector<forwarder::DocumentStatus> statuses;
  std::vector<std::string> conflicts;          // of destinations
  std::vector<base::SocketAddress> listeners;  // that the forwarder would open
};

// `others`: whether what these documents lack may be had elsewhere.
Alone serve_alone(const Config& config, const resources::Documents& documents,
                  forwarder::Others others);

}  // namespace agent
