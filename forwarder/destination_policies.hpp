// The policies for destinations, and what each destination gets by them. Which of several has it is
// attachment.hpp's rule.
//
// Thread: the builder's; traffic policies are immutable.
#pragma once

#include <map>
#include <memory>
#include <tuple>

#include "discovery/view/resolution.hpp"
#include "forwarder/attachment.hpp"
#include "forwarder/traffic_policy.hpp"
#include "resources/documents.hpp"

namespace forwarder {

SelectableDestination selectable(const discovery::view::Destination& destination,
                                 const discovery::view::DestinationPort& port);

class DestinationPolicies {
 public:
  explicit DestinationPolicies(const resources::Documents& documents);

  // Of the same policies.
  bool are_of(const resources::Documents& documents) const;
  bool empty() const {
    return failover_.empty() && balancers_.empty() && outliers_.empty() && connections_.empty();
  }

  // Null: none is for it. The same object for the same policies.
  std::shared_ptr<const TrafficPolicy> of(const SelectableDestination& destination);

  // By all destinations that a zone or a document names.
  void report(const discovery::view::Resolution& resolution, resources::Problems& problems,
              Statuses& statuses) const;

 private:
  using Balancer = std::shared_ptr<const resources::LoadBalancerPolicy>;
  using Detection = std::shared_ptr<const resources::OutlierDetectionPolicy>;
  using Connections = std::shared_ptr<const resources::ConnectionPolicy>;
  using Choice = std::tuple<Balancer, Detection, Connections>;
  struct Claimed {
    Claims balancers, outliers, connections;
  };
  Choice choose(const SelectableDestination& destination, const std::string& name,
                Claimed& claimed) const;

  Attachment<resources::FailoverPolicy> failover_;  // which the selection has heeded
  Attachment<resources::LoadBalancerPolicy> balancers_;
  Attachment<resources::OutlierDetectionPolicy> outliers_;
  Attachment<resources::ConnectionPolicy> connections_;
  std::map<Choice, std::shared_ptr<const TrafficPolicy>> made_;
};

}  // namespace forwarder
