// The labels in front of a host under which its ports and its endpoints are found (the scheme of
// host.hpp), in lower-case wire form.
//
// Labels for which a name has no room do not exist. Thread: pure.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "discovery/view/destination.hpp"
#include "dns/name.hpp"

namespace dns {

// "\5_http" and the ports, by their place, that are asked for so: by name, or else protocol, and by
// number (RFC 2782). `room`: bytes that labels may have in front of the host.
struct PortLabel {
  base::Bytes wire;
  std::vector<std::size_t> ports;
};
std::vector<PortLabel> port_labels(std::span<const discovery::view::DestinationPort> ports,
                                   std::size_t room);

// "\5pod-0\4east" of a headless endpoint with a hostname.
std::optional<base::Bytes> pod_labels(const discovery::view::Endpoint& endpoint, std::size_t room);

inline std::size_t room_before(const Name& host) { return kMaxName - host.wire().size(); }

}  // namespace dns
