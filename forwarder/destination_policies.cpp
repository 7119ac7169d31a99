#include "forwarder/destination_policies.hpp"

#include "resources/external_aliases.hpp"

namespace forwarder {
namespace {

OutlierRule outlier_rule(const resources::OutlierDetectionPolicy& policy) {
  return {policy.consecutive_errors, policy.consecutive_gateway_errors, policy.interval,
          policy.base_ejection_time, policy.max_ejection_percent};
}

}  // namespace

SelectableDestination selectable(const discovery::view::Destination& destination,
                                 const discovery::view::DestinationPort& port) {
  const bool is_service = destination.kind == discovery::view::Destination::Kind::service;
  const auto name = is_service ? destination.name : resources::title_of(destination.name).name;
  return {is_service ? resources::DestinationKind::service : resources::kind_of(destination.name),
          destination.namespace_,
          std::string(name),
          destination.cluster,
          destination.labels,
          port.number,
          port.name};
}

DestinationPolicies::DestinationPolicies(const resources::Documents& documents)
    : failover_(documents.failover_policies, Target::destinations),
      balancers_(documents.load_balancer_policies, Target::destinations),
      outliers_(documents.outlier_detection_policies, Target::destinations),
      connections_(documents.connection_policies, Target::destinations) {}

bool DestinationPolicies::are_of(const resources::Documents& documents) const {
  return failover_.is_of(documents.failover_policies) &&
         balancers_.is_of(documents.load_balancer_policies) &&
         outliers_.is_of(documents.outlier_detection_policies) &&
         connections_.is_of(documents.connection_policies);
}

DestinationPolicies::Choice DestinationPolicies::choose(const SelectableDestination& destination,
                                                        const std::string& name,
                                                        Claimed& claimed) const {
  const auto is_for_it = [&](const auto& policy) {
    return selects(policy.destinations, destination);
  };
  return {balancers_.attach(name, claimed.balancers, is_for_it),
          outliers_.attach(name, claimed.outliers, is_for_it),
          connections_.attach(name, claimed.connections, is_for_it)};
}

std::shared_ptr<const TrafficPolicy> DestinationPolicies::of(
    const SelectableDestination& destination) {
  if (empty()) return nullptr;
  Claimed unused;
  const auto choice = choose(destination, "", unused);
  if (choice == Choice()) return nullptr;
  const auto& [balancer, outliers, connections] = choice;
  auto& made = made_[choice];
  if (made) return made;
  auto policy = std::make_shared<TrafficPolicy>();
  const auto name = [&](const auto& document) {
    policy->policies.push_back(std::string(document.kKind) + ' ' + name_of(document.metadata));
  };
  if (balancer) {
    policy->balancing = balancing(*balancer);
    name(*balancer);
  }
  if (outliers) {
    policy->outliers = outlier_rule(*outliers);
    name(*outliers);
  }
  if (connections) {
    policy->connections = connection_rule(*connections);
    name(*connections);
  }
  return made = std::move(policy);
}

void DestinationPolicies::report(const discovery::view::Resolution& resolution,
                                 resources::Problems& problems, Statuses& statuses) const {
  if (empty()) return;
  Claimed claimed;
  Claims failover;
  for (const auto& resolved : resolution.destinations) {
    const auto& destination = *resolved->destination;
    failover_.attach(destination.host, failover, [&](const auto& policy) {
      return discovery::view::selects(policy, destination);
    });
    for (const auto& port : destination.ports)
      choose(selectable(destination, port), destination.host + ':' + std::to_string(port.number),
             claimed);
  }
  failover_.report(failover, problems, statuses);
  balancers_.report(claimed.balancers, problems, statuses);
  outliers_.report(claimed.outliers, problems, statuses);
  connections_.report(claimed.connections, problems, statuses);
}

}  // namespace forwarder
