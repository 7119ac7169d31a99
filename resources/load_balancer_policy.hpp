// How requests are spread over a destination's endpoints: Gloo's LoadBalancerPolicy
// (trafficcontrol.policy.gloo.solo.io/v2; gloo.md §10). What it means is
// forwarder/traffic_policy.hpp's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "resources/policy.hpp"

namespace resources {

// What of a request decides where it goes.
struct HashBy {
  enum class Part : std::uint8_t { header, cookie, query_parameter, source_address };
  Part part = Part::source_address;
  std::string name;  // of the header, the cookie, the parameter
  // Of a cookie: who has none is given one, for so long; 0 s: until the browser ends. Absent:
  // nobody.
  std::optional<base::Duration> ttl = std::nullopt;
  std::string path = "";  // of a cookie that is given; "" = not said

  friend bool operator==(const HashBy&, const HashBy&) = default;
};

struct LoadBalancerPolicy {
  static constexpr std::string_view kKind = "LoadBalancerPolicy";
  enum class Simple : std::uint8_t { least_request, round_robin, random };

  Metadata metadata;
  std::vector<DestinationSelector> destinations;  // empty = every one
  Simple simple = Simple::least_request;
  std::optional<HashBy> hash;          // instead of `simple`
  double panic_threshold_percent = 0;  // 0..100; 0 = no panic
  base::Duration warm_up{};            // zero = none; of least request and round robin only
};

}  // namespace resources
