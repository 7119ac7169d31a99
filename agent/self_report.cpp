// What a running agent says of its own parts: its troubles, for status, and what its workers count.
#include <algorithm>

#include "agent/agent.hpp"
#include "agent/check_report.hpp"
#include "agent/kubernetes_report.hpp"
#include "agent/name_report.hpp"
#include "agent/upstream_report.hpp"

namespace agent {

std::vector<std::string> Agent::troubles() const {
  auto troubles = condition_.troubles(std::chrono::system_clock::now());
  if (state_)
    for (const auto& trouble : state_->status().troubles) troubles.push_back("state: " + trouble);
  if (kubernetes_)
    for (auto& trouble : troubles_of(kubernetes_->status())) troubles.push_back(std::move(trouble));
  if (auto trouble = checker_->trouble(); !trouble.empty()) troubles.push_back(std::move(trouble));
  for (auto& trouble : troubles_of(checker_->checks(), io_->now()))
    troubles.push_back(std::move(trouble));
  for (auto& trouble : troubles_of(names_->status(), names_->left_out()))
    troubles.push_back(std::move(trouble));
  for (auto& trouble : refusals_.troubles(std::chrono::steady_clock::now()))
    troubles.push_back(std::move(trouble));
  for (auto& trouble : troubles_of(upstreams_of(shown_config_, *pass_on_)))
    troubles.push_back(std::move(trouble));
  if (!forwarder_) return troubles;
  for (const auto& listener : forwarder_->listeners())
    if (listener.error)
      troubles.push_back("forwarder " + listener.wanted.to_string() + ": " +
                         listener.error->message);
  return troubles;
}

void Agent::add_worker_metrics(Metrics& metrics) const {
  std::vector<const dns::Counters*> dns;
  std::vector<const dns::net::TcpCounters*> tcp;
  for (const auto& server : dns_) {
    for (std::size_t i = 0; i < server.udp->workers(); ++i) dns.push_back(&server.udp->counters(i));
    tcp.push_back(&server.tcp->counters());
    dns.push_back(&tcp.back()->dns);
  }
  dns.push_back(&pass_on_->counters().dns);
  add(metrics, dns);
  add(metrics, tcp);
  add(metrics, *pass_on_, upstreams_of(shown_config_, *pass_on_));
  for (const auto& [what, from, until] : condition_.expiries())
    metrics.gauge(
        "nearmost_certificate_expiration_timestamp_seconds", "when the certificate ends, Unix time",
        std::chrono::duration<double>(until.time_since_epoch()).count(), {{"certificate", what}});
  const auto refusals = refusals_.totals();
  metrics.counter("nearmost_gossip_refusals_total", "links that one side did not let be made",
                  refusals.ours, {{"by", "us"}});
  metrics.counter("nearmost_gossip_refusals_total", "links that one side did not let be made",
                  refusals.theirs, {{"by", "them"}});
  if (gossip_) {
    metrics.counter("nearmost_gossip_connections_total", "connections accepted on the gossip port",
                    gossip_->counts().accepted);
    metrics.counter("nearmost_gossip_accept_errors_total",
                    "times the gossip port could accept nothing: no descriptors or no memory",
                    gossip_->counts().accept_errors);
    const auto& orders = gossip_->orders();
    const auto count = [&](const char* result, std::uint64_t number) {
      metrics.counter("nearmost_remote_registrations_total",
                      "orders of other hosts to register something, or to take it back", number,
                      {{"result", result}});
    };
    count("taken", orders.taken);
    count("denied", orders.denied);
    count("too_many", orders.too_many);
    count("wrong", orders.wrong);
  }
  metrics.counter("nearmost_gossip_handshakes_failed_total",
                  "connections to or from the gossip port that did not prove themselves",
                  grpc_log_.handshakes_failed());
  if (state_) add(metrics, state_->status());
  if (kubernetes_) add(metrics, kubernetes_->status());
  add(metrics, names_->status());
  add(metrics, checker_->checks(), io_->now());
  if (!forwarder_) return;
  const auto listeners = forwarder_->listeners();
  metrics.gauge("nearmost_forwarder_listeners_failed", "ports of destinations that cannot be bound",
                static_cast<double>(std::ranges::count_if(
                    listeners, [](const auto& listener) { return listener.error.has_value(); })));
  add(metrics, forwarder_->totals());
  add(metrics, forwarder_->traffic());
  if (!access_log_) return;
  metrics.counter("nearmost_forwarder_access_log_lines_total", "written", access_log_->lines());
  metrics.counter("nearmost_forwarder_access_log_lost_total",
                  "requests without a line: they came too fast, or it cannot be written",
                  access_log_->lost());
}

}  // namespace agent
