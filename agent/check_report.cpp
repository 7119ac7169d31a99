#include "agent/check_report.hpp"

namespace agent {
using discovery::sources::HealthChecks;

Json report(const HealthChecks& checks, base::TimePoint now) {
  Json down = Json::array();
  for (const auto& [endpoint, why, since] : checks.down(now))
    down.push_back({{"service", endpoint.namespace_ + '/' + endpoint.service},
                    {"endpoint", endpoint.id},
                    {"why", why},
                    {"downMs", base::to_ms(since)}});
  return {{"checked", checks.checked()},
          {"doubted", checks.doubted().has_value()},
          {"down", std::move(down)}};
}

std::vector<std::string> troubles_of(const HealthChecks& checks, base::TimePoint now) {
  const auto since = checks.doubted();
  if (!since) return {};
  const bool over = now - *since >= HealthChecks::kDoubted;
  return {"checks: for " + base::to_string(now - *since) +
          " more than half of the endpoints do not answer: " +
          (over ? "they are called unhealthy"
                : "it may be this agent's own network, so they are called healthy for " +
                      base::to_string(HealthChecks::kDoubted))};
}

void add(Metrics& metrics, const HealthChecks& checks, base::TimePoint now) {
  metrics.gauge("nearmost_checked_endpoints", "endpoints whose answering is tried",
                static_cast<double>(checks.checked()));
  metrics.gauge("nearmost_checked_endpoints_down", "those that do not answer",
                static_cast<double>(checks.down(now).size()));
}

}  // namespace agent
