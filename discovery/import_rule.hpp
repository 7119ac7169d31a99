// Which addresses a peer may make us send traffic to: connections of our callers, the forwarder's
// and probes alike.
//
// Never nobody's, a group's or a link's own (169.254.169.254 hands out a cloud's keys); loopback
// only where a mesh lives on one machine; never where this agent itself listens. What we say of
// ourselves is not asked. Thread: a value.
#pragma once

#include <vector>

#include "base/address.hpp"

namespace discovery {

struct ImportRule {
  enum class Loopback { refused, allowed };
  Loopback remote_loopback = Loopback::refused;
  std::vector<base::IpAddress> own_addresses;  // that this agent listens on

  bool admits(const base::IpAddress& ip) const;
};

}  // namespace discovery
