// Which callers a table is for: Gloo's workloadSelectors.
//
// A caller is known by its address when that is an endpoint of a service in our own cluster; its
// labels are the endpoint's. A known caller that no selector takes does not see the table. An
// unknown one does: it may be anything, and a table that it asks for by name is more likely meant
// for it than not. Thread: pure; KnownCallers is the builder's.
#pragma once

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/address.hpp"
#include "discovery/view/view.hpp"
#include "resources/route_table.hpp"
#include "resources/shared_list.hpp"

namespace forwarder {

using Addresses = std::unordered_set<base::IpAddress>;

// The known callers that the table is not for; null when it is for all.
std::shared_ptr<const Addresses> excluded_callers(const resources::RouteTable& table,
                                                  const discovery::view::View& view);

// Of every table with selectors, the same object while the callers are the same, from view to view.
class KnownCallers {
 public:
  void go_to(const discovery::view::View& view,
             const resources::SharedList<resources::RouteTable>& tables);
  const std::shared_ptr<const Addresses>& excluded_by(const resources::RouteTable& table) const;

 private:
  std::vector<std::shared_ptr<const discovery::view::Service>> services_;  // our own cluster's
  resources::SharedList<resources::RouteTable> tables_;
  std::unordered_map<const resources::RouteTable*, std::shared_ptr<const Addresses>> excluded_;
};

// Null counts as none.
std::shared_ptr<const Addresses> in_both(const std::shared_ptr<const Addresses>& a,
                                         const std::shared_ptr<const Addresses>& b);
std::shared_ptr<const Addresses> in_either(const std::shared_ptr<const Addresses>& a,
                                           const std::shared_ptr<const Addresses>& b);

}  // namespace forwarder
