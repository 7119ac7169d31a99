// When an endpoint that answers with errors is left alone: Gloo's OutlierDetectionPolicy
// (resilience.policy.gloo.solo.io/v2; gloo.md §5). What it means is forwarder/outlier.hpp's.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "resources/policy.hpp"

namespace resources {

struct OutlierDetectionPolicy {
  static constexpr std::string_view kKind = "OutlierDetectionPolicy";

  Metadata metadata;
  std::vector<DestinationSelector> destinations;  // empty = every one
  std::uint32_t consecutive_errors = 5;
  std::uint32_t consecutive_gateway_errors = 0;  // 0 = they count as any other error
  base::Duration interval = std::chrono::seconds(10);
  base::Duration base_ejection_time = std::chrono::seconds(30);
  std::uint32_t max_ejection_percent = 100;
};

}  // namespace resources
