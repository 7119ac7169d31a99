// Checks documents against each other: what no document can know alone.
//
// The same object twice, a host of two VirtualDestinations of one cluster and a delegation cycle
// are errors: the later object, the one that does not win the host, or the table that closes the
// cycle is taken out. The rest are warnings: a host that two clusters' VirtualDestinations name, a
// delegate that selects no table. Whether a route's destinations are known is for the forwarder to
// say (forwarder/actions.hpp), which finds them.
#pragma once

#include <string>

#include "resources/documents.hpp"

namespace resources {

// Called in this order. Problems are appended in no particular order.
void remove_duplicates(Documents& documents, Problems& problems);
void check_claimed_hosts(Documents& documents, Problems& problems);
void check_delegation(SharedList<RouteTable>& tables, Problems& problems);

Problem about(Severity severity, std::string_view kind, const Metadata& object, const Place& place,
              std::string field, std::string message, std::string hint = "");

}  // namespace resources
