// What a policy is for: Gloo's RouteSelector, RouteDestinationSelector and DestinationSelector
// (gloo.md §1), which every kind of policy shares. forwarder/attachment.hpp says what they select.
#pragma once

#include <optional>
#include <vector>

#include "resources/object.hpp"

namespace resources {

struct DestinationSelector {
  ObjectSelector object;
  DestinationKind kind = DestinationKind::service;
  PortSelector port;  // unset = every port
};

// All that is given must hold; one that gives nothing selects every route.
struct RouteSelector {
  ObjectSelector route;  // the labels of a route; namespace and cluster of the table it stands in
  std::optional<DestinationSelector> with_destinations;  // one of which the route forwards to
};

// Those of a route's destinations that a selector of the list selects; an empty list: all of them.
struct RouteDestinationSelector {
  ObjectSelector route;
  std::vector<DestinationSelector> destinations;
};

}  // namespace resources
