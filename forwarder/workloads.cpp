#include "forwarder/workloads.hpp"

#include <algorithm>

namespace forwarder {
namespace {

namespace view = discovery::view;

bool selects(const resources::RouteTable& table, const view::Service& service,
             const view::Endpoint& endpoint) {
  return std::any_of(table.workload_selectors.begin(), table.workload_selectors.end(),
                     [&](const resources::ObjectSelector& selector) {
                       return selector.matches(endpoint.traits->labels, service.name,
                                               service.namespace_, service.cluster);
                     });
}

std::shared_ptr<const Addresses> unless_empty(Addresses addresses) {
  return addresses.empty() ? nullptr : std::make_shared<const Addresses>(std::move(addresses));
}

}  // namespace

std::shared_ptr<const Addresses> excluded_callers(const resources::RouteTable& table,
                                                  const view::View& view) {
  if (table.workload_selectors.empty()) return nullptr;
  Addresses excluded, selected;
  for (const auto& service : view.services) {
    if (service->cluster != view.cluster) continue;
    for (const auto& endpoint : service->endpoints)
      (selects(table, *service, endpoint) ? selected : excluded).insert(endpoint.ip);
  }
  // An address may stand in several services: one that selects it is enough.
  for (const auto& ip : selected) excluded.erase(ip);
  return unless_empty(std::move(excluded));
}

void KnownCallers::go_to(const view::View& view,
                         const resources::SharedList<resources::RouteTable>& tables) {
  const auto has_selectors = [](const auto& table) { return !table.workload_selectors.empty(); };
  if (std::ranges::none_of(tables, has_selectors)) {
    *this = {};
    return;
  }
  std::vector<std::shared_ptr<const view::Service>> services;
  for (const auto& service : view.services)
    if (service->cluster == view.cluster) services.push_back(service);
  const bool same_services = services == services_;
  decltype(excluded_) next;
  for (const auto& table : tables) {
    if (!has_selectors(table)) continue;
    auto& excluded = next[&table];
    const auto known = excluded_.find(&table);
    const auto before = known == excluded_.end() ? nullptr : known->second;
    if (known != excluded_.end() && same_services) {
      excluded = before;
      continue;
    }
    excluded = excluded_callers(table, view);
    if (excluded && before && *excluded == *before) excluded = before;
  }
  excluded_ = std::move(next);
  services_ = std::move(services);
  tables_ = tables;
}

const std::shared_ptr<const Addresses>& KnownCallers::excluded_by(
    const resources::RouteTable& table) const {
  static const std::shared_ptr<const Addresses> none;
  const auto known = excluded_.find(&table);
  return known == excluded_.end() ? none : known->second;
}

std::shared_ptr<const Addresses> in_both(const std::shared_ptr<const Addresses>& a,
                                         const std::shared_ptr<const Addresses>& b) {
  if (!a || !b) return nullptr;
  Addresses result;
  for (const auto& ip : *a)
    if (b->contains(ip)) result.insert(ip);
  return unless_empty(std::move(result));
}

std::shared_ptr<const Addresses> in_either(const std::shared_ptr<const Addresses>& a,
                                           const std::shared_ptr<const Addresses>& b) {
  if (!a || !b) return a ? a : b;
  auto result = *a;
  result.insert(b->begin(), b->end());
  return unless_empty(std::move(result));
}

}  // namespace forwarder
