// What of the agent's own settings the forwarder's tables are made with. Thread: a value.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"

namespace forwarder {

// Whether what is not known here may be known to another agent.
enum class Others : std::uint8_t { none, may_be_heard };

struct ForwarderConfig {
  std::string cluster;                     // our own
  std::vector<base::IpAddress> addresses;  // to listen on
  Others others = Others::may_be_heard;
};

}  // namespace forwarder
