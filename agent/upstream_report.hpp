// What an operator is told of the DNS servers that queries are passed on to: in status, in troubles
// and in /metrics. Only of those that agent.yaml names now.
//
// Thread: the config's; the counters are any thread's.
#pragma once

#include <string>
#include <vector>

#include "agent/config.hpp"
#include "agent/metrics.hpp"
#include "agent/report.hpp"
#include "dns/net/pass_on.hpp"

namespace agent {

// In the order written; one that was not asked yet has counters of 0.
std::vector<dns::Pending::Upstream> upstreams_of(const Config& config,
                                                 const dns::net::PassOn& pass_on);
Json report(const std::vector<dns::Pending::Upstream>& upstreams);
std::vector<std::string> troubles_of(const std::vector<dns::Pending::Upstream>& upstreams);
void add(Metrics& metrics, const dns::net::PassOn& pass_on,
         const std::vector<dns::Pending::Upstream>& upstreams);

}  // namespace agent
