// How long a request may take and what it is sent again for: Gloo's RetryTimeoutPolicy
// (resilience.policy.gloo.solo.io/v2; gloo.md §6). What it means is forwarder/retry.hpp's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "resources/policy.hpp"

namespace resources {

inline constexpr std::uint32_t kMaxRetries = 100;

// Envoy's retry_on, as far as it means anything over HTTP/1.1.
struct RetryOn {
  bool server_errors = false;     // 5xx
  bool gateway_errors = false;    // gateway-error: 502, 503, 504
  bool conflicts = false;         // retriable-4xx: 409
  bool resets = false;            // reset: no answer, a broken one, none in time
  bool connect_failures = false;  // connect-failure
  std::vector<std::uint16_t> statuses;
};

struct Retries {
  std::uint32_t attempts = 2;    // beside the first; 0 = never
  base::Duration try_timeout{};  // zero = none
  std::optional<RetryOn> on;     // absent: the forwarder's default
};

struct RetryTimeoutPolicy {
  static constexpr std::string_view kKind = "RetryTimeoutPolicy";

  Metadata metadata;
  std::vector<RouteSelector> routes;  // never empty: a document that gives none is for every route
  base::Duration request_timeout{};   // zero = none
  std::optional<Retries> retries;
};

}  // namespace resources
