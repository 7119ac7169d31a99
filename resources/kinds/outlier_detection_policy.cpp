#include "resources/outlier_detection_policy.hpp"

#include <limits>

#include "resources/kinds/policy_targets.hpp"
#include "resources/kinds/readers.hpp"

namespace resources {
namespace {

constexpr auto kTimes =
    Range<base::Duration>{std::chrono::milliseconds(1), std::chrono::hours(24 * 365)};
constexpr auto kCounts = Range<std::int64_t>{1, std::numeric_limits<std::uint32_t>::max()};

}  // namespace

void read(const Value& document, OutlierDetectionPolicy& out) {
  read_destination_policy(document, out, [&](Fields& config) {
    config.optional("consecutiveErrors", out.consecutive_errors, kCounts);
    config.optional("consecutiveGatewayErrors", out.consecutive_gateway_errors,
                    between(0, kCounts.max));
    config.optional("interval", out.interval, kTimes);
    config.optional("baseEjectionTime", out.base_ejection_time, kTimes);
    config.optional("maxEjectionPercent", out.max_ejection_percent, between(0, 100));
    if (out.consecutive_gateway_errors >= out.consecutive_errors)
      config.map().warn("consecutiveGatewayErrors not below consecutiveErrors has no effect",
                        "a gateway error is an error, too");
  });
}

}  // namespace resources
