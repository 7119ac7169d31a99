// Which connections lead to a destination, and how much may be under way there: Gloo's
// ConnectionPolicy (resilience.policy.gloo.solo.io/v2; gloo.md §11). What it means is
// forwarder/traffic_policy.hpp's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "resources/policy.hpp"

namespace resources {

// TCP's own; what is absent is the kernel's default.
struct TcpKeepalive {
  std::optional<std::uint32_t> probes;     // without an answer, and the connection is dead
  std::optional<base::Duration> time;      // of silence before the first; whole seconds
  std::optional<base::Duration> interval;  // between two; whole seconds
};

struct ConnectionPolicy {
  static constexpr std::string_view kKind = "ConnectionPolicy";

  Metadata metadata;
  std::vector<DestinationSelector> destinations;  // empty = every one
  std::optional<base::Duration> connect_timeout, idle_timeout;
  std::optional<TcpKeepalive> keepalive;
  std::optional<std::uint32_t> max_connections, max_requests, max_retries;
  std::uint32_t max_requests_per_connection = 0;  // 0 = any number
};

}  // namespace resources
