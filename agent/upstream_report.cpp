#include "agent/upstream_report.hpp"

#include <algorithm>

namespace agent {

using dns::UpstreamCounters;
using Upstream = dns::Pending::Upstream;

std::vector<Upstream> upstreams_of(const Config& config, const dns::net::PassOn& pass_on) {
  std::vector<Upstream> upstreams;
  const auto asked = pass_on.upstreams();
  for (const auto& rule : config.dns.pass_on)
    for (const auto& server : rule.to) {
      if (std::ranges::count(upstreams, server, &Upstream::first) > 0) continue;
      const auto found = std::ranges::find(asked, server, &Upstream::first);
      upstreams.emplace_back(server, found == asked.end()
                                         ? std::make_shared<const UpstreamCounters>()
                                         : found->second);
    }
  return upstreams;
}

Json report(const std::vector<Upstream>& upstreams) {
  Json json = Json::array();
  for (const auto& [server, counters] : upstreams)
    json.push_back({{"upstream", server.to_string()},
                    {"healthy", counters->healthy()},
                    {"requests", counters->requests.get()},
                    {"errors", counters->errors.get()},
                    {"mismatches", counters->mismatches.get()}});
  return json;
}

std::vector<std::string> troubles_of(const std::vector<Upstream>& upstreams) {
  std::vector<std::string> troubles;
  for (const auto& [server, counters] : upstreams)
    if (!counters->healthy())
      troubles.push_back("dns: upstream " + server.to_string() + " has not answered the last " +
                         std::to_string(counters->unanswered.get()) + " questions put to it");
  return troubles;
}

void add(Metrics& metrics, const dns::net::PassOn& pass_on,
         const std::vector<Upstream>& upstreams) {
  const auto& counters = pass_on.counters();
  metrics.counter("nearmost_dns_passed_on_total", "queries for names of others that were taken",
                  counters.asked.get());
  metrics.counter("nearmost_dns_coalesced_total", "of these, joined to a question under way",
                  counters.coalesced.get());
  metrics.counter("nearmost_dns_pass_on_refused_total",
                  "of these, dropped or SERVFAIL: too many at once, or too late",
                  counters.refused.get() + pass_on.inbox_full());
  metrics.gauge("nearmost_dns_inflight", "questions under way to upstreams",
                static_cast<double>(counters.under_way.get()));
  const auto each = [&](std::string_view name, std::string_view help, auto count) {
    for (const auto& [upstream, of] : upstreams)
      metrics.counter(name, help, ((*of).*count).get(), {{"upstream", upstream.to_string()}});
  };
  using dns::UpstreamCounters;
  each("nearmost_dns_upstream_requests_total", "questions put to the upstream",
       &UpstreamCounters::requests);
  each("nearmost_dns_upstream_errors_total", "questions to which it gave no answer",
       &UpstreamCounters::errors);
  each("nearmost_dns_upstream_mismatch_total",
       "answers in another case than the question: a habit of the upstream's, or a forgery",
       &UpstreamCounters::mismatches);
  each("nearmost_dns_upstream_retried_over_tcp_total",
       "questions put again over TCP because of an answer like that",
       &UpstreamCounters::retries_over_tcp);
  for (const auto& [upstream, of] : upstreams)
    metrics.gauge("nearmost_dns_upstream_healthy", "0: the last questions put to it had no answer",
                  of->healthy() ? 1 : 0, {{"upstream", upstream.to_string()}});
}

}  // namespace agent
