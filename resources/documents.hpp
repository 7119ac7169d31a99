// The one door for documents: text in (YAML or JSON, many documents a file), typed values and
// problems out.
//
// Every mistake is reported, not just the first; an unknown field is a warning with a did-you-mean,
// an unsupported kind or field a warning that says so; nothing is dropped without a word. Thread:
// pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "resources/connection_policy.hpp"
#include "resources/external_service.hpp"
#include "resources/failover_policy.hpp"
#include "resources/header_manipulation_policy.hpp"
#include "resources/load_balancer_policy.hpp"
#include "resources/outlier_detection_policy.hpp"
#include "resources/problem.hpp"
#include "resources/retry_timeout_policy.hpp"
#include "resources/route_table.hpp"
#include "resources/service.hpp"
#include "resources/shared_list.hpp"
#include "resources/virtual_destination.hpp"
#include "resources/virtual_gateway.hpp"

namespace resources {

struct Documents {
  SharedList<VirtualDestination> virtual_destinations;
  SharedList<RouteTable> route_tables;
  SharedList<VirtualGateway> virtual_gateways;
  SharedList<Service> services;
  SharedList<EndpointSlice> endpoint_slices;
  SharedList<StaticService> static_services;
  SharedList<ExternalService> external_services;  // what serves them is among the others too
  SharedList<ExternalEndpoint> external_endpoints;
  SharedList<RetryTimeoutPolicy> retry_timeout_policies;
  SharedList<HeaderManipulationPolicy> header_manipulation_policies;
  SharedList<LoadBalancerPolicy> load_balancer_policies;
  SharedList<OutlierDetectionPolicy> outlier_detection_policies;
  SharedList<ConnectionPolicy> connection_policies;
  SharedList<FailoverPolicy> failover_policies;

  void append(const Documents& more);
};

// visit(list) for the policies of each kind.
template <class OfDocuments, class Visit>
void for_each_kind_of_policy(OfDocuments& documents, Visit&& visit) {
  visit(documents.retry_timeout_policies);
  visit(documents.header_manipulation_policies);
  visit(documents.load_balancer_policies);
  visit(documents.outlier_detection_policies);
  visit(documents.connection_policies);
  visit(documents.failover_policies);
}

struct File {
  std::string name, text;
  // Whether its places are of use to whoever wrote it; those of an object of an API server are not.
  bool has_lines = true;
};

struct Loaded {
  Documents documents;  // what could be read; a document with an error is not in it
  Documents broken;   // those with an error, as far as they could be read: to look for more of them
  Problems problems;  // in the order of files and lines
};

// Reads the files and checks each document by itself and against the others: the same object twice,
// hosts defined twice, weights that do not add up, a route without destinations, a delegation
// cycle.
Loaded load(const std::vector<File>& files);

}  // namespace resources
