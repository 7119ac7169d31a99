// What an operator is told of the endpoints whose answering is tried: in status, in troubles and in
// /metrics.
//
// Thread: that of the checks.
#pragma once

#include <string>
#include <vector>

#include "agent/metrics.hpp"
#include "agent/report.hpp"
#include "discovery/sources/health_checks.hpp"

namespace agent {

Json report(const discovery::sources::HealthChecks& checks, base::TimePoint now);
// That the silence of many is doubted. An endpoint that is down is no trouble of the agent's.
std::vector<std::string> troubles_of(const discovery::sources::HealthChecks& checks,
                                     base::TimePoint now);
void add(Metrics& metrics, const discovery::sources::HealthChecks& checks, base::TimePoint now);

}  // namespace agent
