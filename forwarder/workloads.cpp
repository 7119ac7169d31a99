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
