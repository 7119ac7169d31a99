#include "agent/metrics.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>

#include "agent/member_report.hpp"
#include "agent/version.hpp"

namespace agent {
namespace {

void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
}

std::uint64_t sum_of(const auto& all, auto&& count_of) {
  std::uint64_t total = 0;
  for (const auto* one : all) total += count_of(*one).get();
  return total;
}

double seconds(base::Duration d) { return std::chrono::duration<double>(d).count(); }

std::string in_seconds(std::uint64_t microseconds) {
  char number[32];
  std::snprintf(number, sizeof number, "%.9g", static_cast<double>(microseconds) / 1e6);
  return number;
}

}  // namespace

void Metrics::counter(std::string_view name, std::string_view help, std::uint64_t value,
                      Labels labels) {
  head(name, help, "counter");
  sample(name, labels, std::to_string(value));
}

void Metrics::seconds(std::string_view name, std::string_view help, std::uint64_t microseconds,
                      Labels labels) {
  head(name, help, "counter");
  sample(name, labels, in_seconds(microseconds));
}

void Metrics::gauge(std::string_view name, std::string_view help, double value, Labels labels) {
  head(name, help, "gauge");
  char number[32];
  std::snprintf(number, sizeof number, "%.17g", value);
  sample(name, labels, number);
}

void Metrics::head(std::string_view name, std::string_view help, std::string_view type) {
  if (last_ == name) return;
  last_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void Metrics::sample(std::string_view name, Labels labels, std::string_view value) {
  text_ += name;
  char before = '{';
  for (const auto& [key, label] : labels) {
    text_ += before;
    text_.append(key).append("=\"");
    append_escaped(text_, label);
    text_ += '"';
    before = ',';
  }
  if (labels.size() > 0) text_ += '}';
  text_.append(" ").append(value).append("\n");
}

namespace {

void add(Metrics& metrics, const std::vector<discovery::Member>& members) {
  for (const auto& member : members)
    metrics.gauge("nearmost_member_fresh", "1 while the member is heard in time",
                  member.local || member.state == discovery::Member::State::fresh ? 1 : 0,
                  {{"member", member.id.to_string()}});
  for (const auto& member : members)
    if (member.age)
      metrics.gauge("nearmost_member_age_seconds",
                    "since the newest word of the member, from the first on", seconds(*member.age),
                    {{"member", member.id.to_string()}});
  for (const auto& member : members)
    metrics.gauge("nearmost_member_demoted",
                  "1 while the member's endpoints do not answer from here and are left out",
                  member.state == discovery::Member::State::demoted ? 1 : 0,
                  {{"member", member.id.to_string()}});
  for (const auto& member : members)
    if (const auto time = propagation(member))
      metrics.gauge("nearmost_member_propagation_seconds",
                    "half of the last round trip of a beacon over the member's link, less the time "
                    "it lay there: what a change takes",
                    seconds(*time), {{"member", member.id.to_string()}});
  for (const auto& member : members)
    if (!member.local && !member.via.empty())
      metrics.gauge("nearmost_member_via", "1: through whom the member is heard", 1,
                    {{"member", member.id.to_string()}, {"via", member.via}});
  for (const auto& member : members)
    metrics.gauge("nearmost_member_rows", "live rows of the member",
                  static_cast<double>(member.rows), {{"member", member.id.to_string()}});
  for (const auto& member : members)
    metrics.gauge("nearmost_member_taken",
                  "1 for the agent of each cluster that its endpoints are taken from",
                  member.taken ? 1 : 0, {{"member", member.id.to_string()}});
  for (const auto& member : members)
    if (!member.local)
      metrics.gauge("nearmost_member_quarantined", "1 while nothing newer of the member is taken",
                    member.quarantine.empty() ? 0 : 1, {{"member", member.id.to_string()}});
}

}  // namespace

void add(Metrics& metrics, const Membership& membership,
         const discovery::rpc::Links::Counters& links) {
  metrics.gauge("nearmost_build_info", "the program's version", 1, {{"version", version()}});
  add(metrics, membership.members);
  const auto& node = membership.node;
  metrics.counter("nearmost_gossip_rows_applied_total", "rows taken over from other origins",
                  node.rows_applied);
  metrics.counter("nearmost_gossip_duplicates_total", "deltas that brought nothing new",
                  node.duplicates);
  metrics.counter("nearmost_gossip_gaps_total", "deltas that did not fit and were pulled for",
                  node.gaps);
  metrics.counter("nearmost_gossip_divergences_total",
                  "equal stamps with different rows: must stay 0", node.divergences);
  metrics.counter("nearmost_gossip_malformed_total", "frames that made no sense",
                  node.malformed + links.malformed);
  metrics.counter("nearmost_gossip_refused_total", "links and origins turned away",
                  node.refused + links.refused);
  metrics.counter("nearmost_gossip_proven_total",
                  "what a third passed on with its origin's signature", node.proven);
  metrics.counter("nearmost_gossip_unproven_total",
                  "what a third passed on without its origin's signature", node.unproven);
  metrics.counter("nearmost_gossip_refutations_total",
                  "own lives begun anew because a peer remembered a later one", node.refutations);
  std::size_t held = 0;
  for (const auto& hold : membership.holds) held += hold.endpoints;
  metrics.gauge("nearmost_held_endpoints", "own endpoints that a relist has lost, held for now",
                static_cast<double>(held));
  metrics.counter("nearmost_relists_held_total",
                  "relists of a local source that lost more than half of its endpoints",
                  node.relists_held);
  metrics.counter("nearmost_gossip_quarantines_total",
                  "times an origin cost more than its limits and was quarantined",
                  node.quarantines);
  metrics.counter("nearmost_gossip_held_back_total",
                  "deltas of origins in quarantine that were thrown away", node.held_back);
  metrics.counter("nearmost_gossip_probes_total", "probe rounds of silent clusters", node.probes);
  metrics.counter("nearmost_gossip_frames_received_total", "frames read from links",
                  links.frames_received);
  metrics.counter("nearmost_gossip_frames_sent_total", "frames written to links",
                  links.frames_sent);
  metrics.counter("nearmost_control_turns_total", "turns of the control thread", membership.turns);
  metrics.counter("nearmost_control_slow_turns_total", "turns of more than 10 ms",
                  membership.slow_turns);
  metrics.counter("nearmost_control_commands_dropped_total", "commands lost to a full inbox",
                  membership.commands_dropped);
}

void add(Metrics& metrics, const Served& served) {
  const auto& view = *served.resolution->view;
  std::size_t endpoints = 0, degraded = 0, fail_open = 0;
  for (const auto& service : view.services) endpoints += service->endpoints.size();
  for (const auto& resolved : served.resolution->destinations) {
    degraded += resolved->by_class.front().degraded ? 1 : 0;
    fail_open += resolved->by_class.front().fail_open ? 1 : 0;
  }
  metrics.counter("nearmost_builds_total", "views built", served.version);
  metrics.gauge("nearmost_build_seconds", "time of the last build", seconds(served.build_time));
  metrics.gauge("nearmost_services", "services known, of all clusters",
                static_cast<double>(view.services.size()));
  metrics.gauge("nearmost_endpoints", "endpoints known, of all clusters",
                static_cast<double>(endpoints));
  for (const auto& [name, cluster] : view.clusters)
    metrics.gauge("nearmost_rows_undecodable",
                  "rows of the cluster that made no sense and are skipped",
                  static_cast<double>(cluster.undecodable), {{"cluster", name}});
  metrics.gauge("nearmost_destinations", "names served",
                static_cast<double>(view.destinations.size()));
  metrics.gauge("nearmost_destinations_degraded", "names whose best tier does not take it all",
                static_cast<double>(degraded));
  metrics.gauge("nearmost_destinations_fail_open", "names without a healthy endpoint",
                static_cast<double>(fail_open));
  metrics.gauge("nearmost_documents_held_back",
                "files with errors whose last good state serves, or nothing",
                static_cast<double>(served.documents->held_back.size()));
}

void add(Metrics& metrics, const discovery::sources::StateStatus& state) {
  metrics.counter("nearmost_state_files_written_total", "files of state.dir written",
                  state.written);
  metrics.counter("nearmost_state_bytes_written_total", "bytes of them", state.bytes_written);
  metrics.counter("nearmost_state_failures_total", "files of state.dir that could not be written",
                  state.failures);
  metrics.counter("nearmost_state_files_set_aside_total",
                  "files of state.dir that could not be used", state.set_aside);
}

void add(Metrics& metrics, const std::vector<const dns::Counters*>& workers) {
  const auto sum = [&](auto&& count_of) { return sum_of(workers, count_of); };
  for (std::size_t i = 0; i < dns::Counters::kTypeNames.size(); ++i)
    metrics.counter("nearmost_dns_queries_total", "queries by type",
                    sum([i](const auto& c) -> auto& { return c.queries[i]; }),
                    {{"type", dns::Counters::kTypeNames[i]}});
  for (std::size_t i = 0; i < dns::Counters::kRcodes; ++i)
    if (const auto count = sum([i](const auto& c) -> auto& { return c.responses[i]; }))
      metrics.counter("nearmost_dns_responses_total", "responses by rcode", count,
                      {{"rcode", std::to_string(i)}});
  for (std::size_t i = 0; i < dns::Counters::kTiers; ++i)
    if (const auto count = sum([i](const auto& c) -> auto& { return c.answered_from_tier[i]; }))
      metrics.counter("nearmost_dns_answers_total", "address answers by the tier drawn", count,
                      {{"tier", std::to_string(i)}});
  metrics.counter("nearmost_dns_truncated_total", "answers with TC",
                  sum([](const auto& c) -> auto& { return c.truncated; }));
  metrics.counter("nearmost_dns_stale_answers_total",
                  "answers that hold an endpoint of a silent cluster",
                  sum([](const auto& c) -> auto& { return c.stale; }));
  metrics.counter("nearmost_dns_fail_open_answers_total", "answers where nothing was healthy",
                  sum([](const auto& c) -> auto& { return c.fail_open; }));
  metrics.counter("nearmost_dns_dropped_total", "messages dropped without a word",
                  sum([](const auto& c) -> auto& { return c.short_messages; }) +
                      sum([](const auto& c) -> auto& { return c.stray_responses; }),
                  {{"reason", "no query"}});
  metrics.counter("nearmost_dns_dropped_total", "messages dropped without a word",
                  sum([](const auto& c) -> auto& { return c.late; }), {{"reason", "too late"}});
  metrics.counter("nearmost_dns_grouped_total",
                  "UDP answers that left with another one to the same client",
                  sum([](const auto& c) -> auto& { return c.grouped; }));
  metrics.counter("nearmost_dns_edns_total", "queries with EDNS",
                  sum([](const auto& c) -> auto& { return c.edns; }));
  metrics.counter("nearmost_dns_socket_errors_total", "UDP messages lost to the socket",
                  sum([](const auto& c) -> auto& { return c.receive_errors; }),
                  {{"operation", "receive"}});
  metrics.counter("nearmost_dns_socket_errors_total", "UDP messages lost to the socket",
                  sum([](const auto& c) -> auto& { return c.send_errors; }),
                  {{"operation", "send"}});
}

void add(Metrics& metrics, const std::vector<const dns::net::TcpCounters*>& servers) {
  const auto sum = [&](auto&& count_of) { return sum_of(servers, count_of); };
  // Closed first: a connection that comes and goes meanwhile must not make the difference negative.
  const auto closed = sum([](const auto& c) -> auto& { return c.closed; });
  const auto accepted = sum([](const auto& c) -> auto& { return c.accepted; });
  metrics.gauge("nearmost_dns_tcp_open", "connections open",
                static_cast<double>(accepted - closed));
  metrics.counter("nearmost_dns_tcp_accepted_total", "connections accepted", accepted);
  metrics.counter("nearmost_dns_tcp_evicted_total", "connections closed to make room",
                  sum([](const auto& c) -> auto& { return c.evicted; }));
  metrics.counter("nearmost_dns_tcp_timed_out_total", "connections closed for being idle or slow",
                  sum([](const auto& c) -> auto& { return c.timed_out; }));
  metrics.counter("nearmost_dns_tcp_too_long_total", "connections closed for a query too long",
                  sum([](const auto& c) -> auto& { return c.too_long; }));
  metrics.counter("nearmost_dns_tcp_accept_errors_total",
                  "times nothing could be accepted: no descriptors or no memory",
                  sum([](const auto& c) -> auto& { return c.accept_errors; }));
}

void Metrics::histogram(std::string_view name, std::string_view help,
                        std::span<const std::uint64_t> bounds,
                        std::span<const std::uint64_t> counts, std::uint64_t sum,
                        std::pair<std::string_view, std::string_view> label) {
  head(name, help, "histogram");
  const auto full = std::string(name);
  std::uint64_t up_to = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    up_to += counts[i];
    const auto bound = i < bounds.size() ? in_seconds(bounds[i]) : "+Inf";
    sample(full + "_bucket", {label, {"le", bound}}, std::to_string(up_to));
  }
  sample(full + "_sum", {label}, in_seconds(sum));
  sample(full + "_count", {label}, std::to_string(up_to));
}

namespace {

using forwarder::net::TrafficCounts;
using Named = std::pair<std::string, TrafficCounts>;

// With those named below at most 454 series, whatever tables there are: with all others of an agent
// without peers fewer than 600.
constexpr std::size_t kRoutesNamed = 30, kDestinationsNamed = 16, kHistograms = 8;

std::vector<Named> busiest(const std::map<std::string, TrafficCounts>& all, std::size_t most) {
  std::vector<Named> named(all.begin(), all.end());
  std::ranges::stable_sort(named, std::ranges::greater(),
                           [](const Named& one) { return one.second.requests(); });
  if (named.size() <= most) return named;
  TrafficCounts rest;
  for (auto i = most; i < named.size(); ++i) rest += named[i].second;
  named.resize(most);
  named.emplace_back(forwarder::net::Traffic::kOthers, rest);
  return named;
}

void count(Metrics& metrics, std::string_view name, std::string_view help, std::string_view label,
           const std::vector<Named>& all) {
  static constexpr std::string_view kClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (const auto& [value, counts] : all)
    for (std::size_t i = 0; i < counts.by_class.size(); ++i)
      if (counts.by_class[i] > 0)
        metrics.counter(name, help, counts.by_class[i], {{label, value}, {"status", kClasses[i]}});
}

}  // namespace

void add(Metrics& metrics, const forwarder::net::TrafficTotals& traffic) {
  const auto routes = busiest(traffic.routes, kRoutesNamed);
  count(metrics, "nearmost_route_requests_total",
        "requests that a route took, the busiest routes by name", "route", routes);
  for (const auto& [name, counts] : routes)
    metrics.seconds("nearmost_route_seconds_total",
                    "how long they took in all, from a request's head to its answer's end",
                    counts.microseconds, {{"route", name}});
  const auto destinations = busiest(traffic.destinations, kDestinationsNamed);
  count(metrics, "nearmost_destination_requests_total",
        "requests that were to go to a destination, the busiest by name", "destination",
        destinations);
  for (const auto& [name, counts] : busiest(traffic.destinations, kHistograms))
    metrics.histogram("nearmost_destination_seconds", "from a request's head to its answer's end",
                      forwarder::net::kLatencyBounds, counts.by_latency, counts.microseconds,
                      {"destination", name});
}

void add(Metrics& metrics, const forwarder::net::Totals& totals) {
  totals.for_each([&](std::string_view name, std::uint64_t value) {
    const bool now = name.ends_with("_open") || name.ends_with("_active");
    const auto full = "nearmost_forwarder_" + std::string(name) + (now ? "" : "_total");
    if (now)
      metrics.gauge(full, "see forwarder/net/counters.hpp", static_cast<double>(value));
    else
      metrics.counter(full, "see forwarder/net/counters.hpp", value);
  });
}

}  // namespace agent
