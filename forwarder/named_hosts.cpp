#include "forwarder/named_hosts.hpp"

#include <algorithm>
#include <utility>

#include "forwarder/plain_hosts.hpp"

namespace forwarder {

void NamedHosts::begin() {
  upstreams_.clear();
  ports_.clear();
}

bool NamedHosts::add(const Root& root, resources::Problems& problems,
                     const std::function<bool(const std::string&)>& serves) {
  bool any = false;
  ports_.insert(root.ports.begin(), root.ports.end());
  const auto part = parts_.size();
  parts_.push_back({root.entries, root.table.get(), root.excluded});
  for (const auto& host : root.hosts) {
    if (!serves(host)) continue;
    any = true;
    auto& served_by = by_host_[host];
    // A host written twice, or allowed by two listeners of a port.
    const auto is_of_it = [&](auto one) { return parts_[one].table == root.table.get(); };
    if (std::ranges::any_of(served_by, is_of_it)) continue;
    if (!served_by.empty()) {
      const auto& first = *parts_[served_by.front()].table;
      problems.push_back({resources::Severity::warning, root.table->metadata.place,
                          "RouteTable " + name_of(*root.table), "spec.hosts",
                          "host " + host + " is also in RouteTable " + name_of(first) +
                              ", whose routes come first",
                          "delegate from one table to have an order of your own"});
    }
    served_by.push_back(part);
  }
  return any;
}

void NamedHosts::add_named(const Upstreams::Source& resolved, Upstreams& upstreams) {
  const auto& destination = *resolved->destination;
  // Clients of a headless service choose an endpoint themselves and never come here.
  if (destination.headless) return;
  for (const auto& port : destination.ports)
    if (discovery::view::is_http1(port.protocol)) ports_.insert(port.number);
  auto& parts = by_host_.find(destination.host)->second;
  const auto rest = excluded_by_all(parts);
  if (!rest) return;
  auto entries = own_entries(resolved, upstreams, rest);
  if (entries.empty()) return;
  for (const auto& entry : entries) upstreams_.push_back(upstream_of(entry));
  parts.push_back(parts_.size());
  parts_.push_back({std::make_shared<const Entries>(std::move(entries)), nullptr, nullptr});
}

void NamedHosts::keep(KeptUpstreams& kept) const {
  for (const auto id : upstreams_) kept.keep(id);
}

std::shared_ptr<const Addresses> NamedHosts::excluded_by_all(const Parts& parts) const {
  auto excluded = parts_[parts.front()].excluded;
  for (const auto part : parts) excluded = in_both(excluded, parts_[part].excluded);
  return excluded;
}

VirtualHost NamedHosts::merge(const Parts& parts) const {
  const auto several =
      std::ranges::count_if(parts, [this](auto part) { return parts_[part].table != nullptr; }) > 1;
  VirtualHost host;
  std::vector<const Entry*> last;
  for (const auto part : parts) {
    host.hold(parts_[part].entries);
    for (const auto& entry : *parts_[part].entries) {
      // Else the first table's default route would shadow every later table (Istio,
      // SortVHostRoutes).
      if (!parts_[part].table || (several && entry.matcher.takes_everything()))
        last.push_back(&entry);
      else
        host.add(entry);
    }
  }
  for (const auto* entry : last) host.add(*entry);
  host.seal();
  return host;
}

void NamedHosts::end() {
  auto before = std::exchange(made_, {});
  std::vector<const std::pair<const std::string_view, Parts>*> in_order;
  for (const auto& one : by_host_) in_order.push_back(&one);
  std::ranges::sort(in_order, {}, [](const auto* one) { return one->first; });

  Hosts::List hosts;
  Lists lists;
  auto old = hosts_->list().begin();
  for (const auto* one : in_order) {
    const auto& [pattern, parts] = *one;
    lists.clear();
    for (const auto part : parts) lists.push_back(parts_[part].entries);
    auto& made = made_.of(lists);
    if (!made) made = before.of(lists);
    if (!made) made = std::make_shared<const VirtualHost>(merge(parts));
    while (old != hosts_->list().end() && (*old)->pattern < pattern) ++old;
    const bool same =
        old != hosts_->list().end() && (*old)->pattern == pattern && (*old)->routes == made;
    hosts.push_back(same ? *old : std::make_shared<const Host>(Host{std::string(pattern), made}));
  }
  hosts_ = std::make_shared<const Hosts>(std::move(hosts), *hosts_);
  parts_.clear();
  by_host_.clear();
}

}  // namespace forwarder
