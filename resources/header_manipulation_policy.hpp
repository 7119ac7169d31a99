// Fields that are taken out of messages and added to them: Gloo's HeaderManipulationPolicy
// (trafficcontrol.policy.gloo.solo.io/v2; gloo.md §8). Whether a field may be changed at all is for
// the forwarder to say (forwarder/header_edits.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "resources/policy.hpp"

namespace resources {

struct HeaderField {
  std::string name, value;
  Place place;
};

struct HeaderChanges {
  std::vector<HeaderField> remove;  // without values
  std::vector<HeaderField> append;  // in the order written
};

struct HeaderManipulationPolicy {
  static constexpr std::string_view kKind = "HeaderManipulationPolicy";

  Metadata metadata;
  // At least one of the two has something in it: a document that gives neither is for every route.
  std::vector<RouteSelector> routes;
  std::vector<RouteDestinationSelector> route_destinations;
  HeaderChanges request, response;
};

}  // namespace resources
