#include "discovery/imported_services.hpp"

#include <algorithm>
#include <unordered_map>

namespace discovery {
namespace {

std::shared_ptr<const view::Service> import(const std::shared_ptr<const view::Service>& service,
                                            const ImportRule& rule) {
  const auto taken = [&](const view::Endpoint& endpoint) {
    return rule.objection(service->cluster, endpoint.ip).empty();
  };
  if (std::ranges::all_of(service->endpoints, taken)) return service;
  auto rest = std::make_shared<view::Service>(*service);
  const auto refused = std::stable_partition(rest->endpoints.begin(), rest->endpoints.end(), taken);
  for (auto at = refused; at != rest->endpoints.end(); ++at) {
    auto why = rule.objection(service->cluster, at->ip);
    rest->refused.push_back({std::move(*at), std::move(why)});
  }
  rest->endpoints.erase(refused, rest->endpoints.end());
  return rest;
}

}  // namespace

const ImportedServices::Services& ImportedServices::of(
    const std::shared_ptr<const OriginServices>& origin, const ImportRule& rule) {
  const bool same_rule = from_ && rule == rule_;
  if (same_rule && from_ == origin) return services_;
  std::unordered_map<const view::Service*, std::shared_ptr<const view::Service>> before;
  if (same_rule)
    for (std::size_t i = 0; i < services_.size(); ++i)
      before.emplace(from_->services[i].get(), std::move(services_[i]));
  services_.clear();
  for (const auto& service : origin->services) {
    const auto known = before.find(service.get());
    services_.push_back(known == before.end() ? import(service, rule) : std::move(known->second));
  }
  rule_ = rule;
  from_ = origin;
  return services_;
}

}  // namespace discovery
