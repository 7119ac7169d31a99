#include "agent/kubernetes_report.hpp"

#include <chrono>

namespace agent {
namespace {

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Json report(const KubernetesStatus& status) {
  Json json = Json::array();
  for (const auto& resource : status)
    json.push_back({{"resource", resource.name},
                    {"synced", resource.synced},
                    {"objects", resource.objects},
                    {"lists", resource.of.lists},
                    {"events", resource.of.events},
                    {"failures", resource.of.failures},
                    {"trouble", resource.of.trouble},
                    {"ageMs", resource.of.age ? Json(base::to_ms(*resource.of.age)) : Json()}});
  return json;
}

std::vector<std::string> troubles_of(const KubernetesStatus& status) {
  std::vector<std::string> troubles;
  for (const auto& [name, synced, objects, of] : status) {
    if (of.trouble.empty()) continue;
    const auto age = base::to_string(of.age.value_or(base::Duration{}));
    troubles.push_back("kubernetes: " + name + " cannot be read for " + age + ", " +
                       (synced ? "what was read before serves: " : "nothing of it serves yet: ") +
                       of.trouble);
  }
  return troubles;
}

void add(Metrics& metrics, const KubernetesStatus& status) {
  for (const auto& one : status)
    metrics.gauge("nearmost_kubernetes_synced", "1 when a whole list of the resource was read",
                  one.synced ? 1 : 0, {{"resource", one.name}});
  for (const auto& one : status)
    metrics.gauge("nearmost_kubernetes_objects", "objects of the resource",
                  static_cast<double>(one.objects), {{"resource", one.name}});
  for (const auto& one : status)
    metrics.gauge("nearmost_kubernetes_age_seconds", "for how long the resource cannot be read",
                  seconds(one.of.age.value_or(base::Duration{})), {{"resource", one.name}});
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
}

}  // namespace agent
