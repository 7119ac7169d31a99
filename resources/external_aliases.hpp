// How an ExternalService is served: as a VirtualDestination with its hosts, which selects a service
// with its endpoints. So DNS, routes, policies and explain know it as they know those.
//
// Its endpoints are the ExternalEndpoints that it selects, else its addresses, else those of its
// hosts. Thread: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "resources/documents.hpp"

namespace resources {

// The name of the VirtualDestination, which no Kubernetes object can have.
std::string external_alias(std::string_view external_service);

// What a destination that a document defines is called, by its name: "ExternalService" and "auth"
// of external_alias("auth"), "VirtualDestination" and "reviews" of "reviews".
struct DestinationTitle {
  std::string_view kind, name;
};
DestinationTitle title_of(std::string_view destination);
DestinationKind kind_of(std::string_view destination);

// Without those that serve external services.
std::size_t count_written(const SharedList<VirtualDestination>& destinations);

// What serves these, two documents for each in their order. Warns of ports that no endpoint has.
Documents make_aliases(const SharedList<ExternalService>& services,
                       const SharedList<ExternalEndpoint>& endpoints, Problems& problems);

}  // namespace resources
