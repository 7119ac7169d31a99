// Which callers a table is for: Gloo's workloadSelectors.
//
// A caller is known by its address when that is an endpoint of a service in our own cluster; its
// labels are the endpoint's. A known caller that no selector takes does not see the table. An
// unknown one does: it may be anything, and a table that it asks for by name is more likely meant
// for it than not. Thread: pure.
#pragma once

#include <memory>
#include <unordered_set>

#include "base/address.hpp"
#include "discovery/view/view.hpp"
#include "resources/route_table.hpp"

namespace forwarder {

using Addresses = std::unordered_set<base::IpAddress>;

// The known callers that the table is not for; null when it is for all.
std::shared_ptr<const Addresses> excluded_callers(const resources::RouteTable& table,
                                                  const discovery::view::View& view);

// Null counts as none.
std::shared_ptr<const Addresses> in_both(const std::shared_ptr<const Addresses>& a,
                                         const std::shared_ptr<const Addresses>& b);
std::shared_ptr<const Addresses> in_either(const std::shared_ptr<const Addresses>& a,
                                           const std::shared_ptr<const Addresses>& b);

}  // namespace forwarder
