#include "agent/kubernetes_report.hpp"

#include <algorithm>
#include <chrono>

namespace agent {
namespace {


}  // namespace

Json report(const KubernetesStatus& status) {
  Json json = Json::array();
  for (const auto& resource : status.resources)
    json.push_back({{"resource", resource.name},
                    {"synced", resource.synced},
                    {"objects", resource.objects},
                    {"lists", resource.of.lists},
                    {"events", resource.of.events},
                    {"failures", resource.of.failures},
                    {"trouble", resource.of.trouble},
                    {"ageMs", resource.of.age ? Json(base::to_ms(*resource.of.age)) : Json()}});
  const auto& writing = status.writing;
  json.push_back({{"resource", "statuses"},
                  {"written", writing.written},
                  {"waiting", writing.waiting},
                  {"failures", writing.failures},
                  {"trouble", writing.trouble}});
  return json;
}

std::vector<std::string> troubles_of(const KubernetesStatus& status) {
  std::vector<std::string> troubles;
  // Of a server that is away, one line each for what is needed says enough.
  const auto is_trouble = [](const auto& one) { return !one.of.trouble.empty(); };
  const bool is_away = std::ranges::any_of(
      status.resources, [&](const auto& one) { return one.needed && is_trouble(one); });
  const auto more = std::ranges::count_if(
      status.resources, [&](const auto& one) { return !one.needed && is_trouble(one); });
  for (const auto& [name, needed, synced, objects, of] : status.resources) {
    if (of.trouble.empty() || (is_away && !needed)) continue;
    const auto age = base::to_string(of.age.value_or(base::Duration{}));
    const auto so = synced           ? "what was read before serves: "
                    : name == "pods" ? "subsets match what Services select by alone: "
                                     : "nothing of it serves yet: ";
    troubles.push_back("kubernetes: " + name + " cannot be read for " + age + ", " + so +
                       of.trouble);
  }
  if (is_away && more > 0)
    troubles.push_back("kubernetes: nor can " + std::to_string(more) + " other resources be read");
  if (!status.writing.trouble.empty())
    troubles.push_back(
        "kubernetes: what became of custom resources cannot be written to their status, and serves "
        "all the same: " +
        status.writing.trouble);
  return troubles;
}

void add(Metrics& metrics, const KubernetesStatus& all) {
  const auto& status = all.resources;
  for (const auto& one : status)
    metrics.gauge("nearmost_kubernetes_synced", "1 when a whole list of the resource was read",
                  one.synced ? 1 : 0, {{"resource", one.name}});
  for (const auto& one : status)
    metrics.gauge("nearmost_kubernetes_objects", "objects of the resource",
                  static_cast<double>(one.objects), {{"resource", one.name}});
  for (const auto& one : status)
    metrics.gauge("nearmost_kubernetes_age_seconds", "for how long the resource cannot be read",
                  std::chrono::duration<double>(one.of.age.value_or(base::Duration{})).count(),
                  {{"resource", one.name}});
  for (const auto& one : status)
    metrics.counter("nearmost_kubernetes_lists_total",
                    "whole lists read, of which the first is none after a gap", one.of.lists,
                    {{"resource", one.name}});
  for (const auto& one : status)
    metrics.counter("nearmost_kubernetes_events_total", "changes of objects heard", one.of.events,
                    {{"resource", one.name}});
  for (const auto& one : status)
    metrics.counter("nearmost_kubernetes_failures_total", "requests that failed", one.of.failures,
                    {{"resource", one.name}});
  metrics.counter("nearmost_kubernetes_missed_total",
                  "times that what was heard of a resource was not what the server had",
                  all.missed);
  metrics.counter("nearmost_kubernetes_statuses_written_total",
                  "statuses of custom resources written", all.writing.written);
  metrics.counter("nearmost_kubernetes_status_failures_total",
                  "statuses of custom resources that could not be written", all.writing.failures);
  metrics.gauge("nearmost_kubernetes_statuses_waiting",
                "statuses of custom resources that are to be written",
                static_cast<double>(all.writing.waiting));
}

}  // namespace agent
