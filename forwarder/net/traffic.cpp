#include "forwarder/net/traffic.hpp"

#include <algorithm>
#include <numeric>

namespace forwarder::net {

std::uint64_t TrafficCounts::requests() const {
  return std::accumulate(by_class.begin(), by_class.end(), std::uint64_t{0});
}

TrafficCounts& TrafficCounts::operator+=(const TrafficCounts& more) {
  std::ranges::transform(by_class, more.by_class, by_class.begin(), std::plus<>());
  std::ranges::transform(by_latency, more.by_latency, by_latency.begin(), std::plus<>());
  microseconds += more.microseconds;
  return *this;
}

void Traffic::Entry::add(std::uint16_t status, base::Duration took) {
  const auto passed = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  const auto bound = std::ranges::lower_bound(kLatencyBounds, passed) - kLatencyBounds.begin();
  by_class_[std::min<std::size_t>(status / 100, kStatusClasses - 1)].add();
  by_latency_[static_cast<std::size_t>(bound)].add();
  microseconds_.add(passed);
}

TrafficCounts Traffic::Entry::read() const {
  TrafficCounts counts;
  const auto read = [](const Counter& counter) { return counter.read(); };
  std::ranges::transform(by_class_, counts.by_class.begin(), read);
  std::ranges::transform(by_latency_, counts.by_latency.begin(), read);
  counts.microseconds = microseconds_.read();
  return counts;
}

Traffic::Entry& Traffic::of(std::string_view name) {
  if (const auto found = entries_.find(name); found != entries_.end()) return found->second;
  if (entries_.size() >= kMost && name != kOthers) return of(kOthers);
  const std::lock_guard lock(growing_);
  return entries_[std::string(name)];
}

void Traffic::add_to(std::map<std::string, TrafficCounts>& sums) const {
  const std::lock_guard lock(growing_);
  for (const auto& [name, entry] : entries_) sums[name] += entry.read();
}

}  // namespace forwarder::net
