// What each root table comes to: its routes in order, flattened and compiled, and what was found
// wrong with them. From table to table a root stays as it is while nothing changes that its routes
// were made of: its own table, the tables that its delegations select, the destinations it names,
// who its callers are, the policies. Endpoints are not among it.
//
// A root with FREEZE_CONFIG that comes out broken serves as it was accepted last, all of it, until
// it is mended (gloo.md §2); one that was never accepted serves what is not broken, as with
// ROUTE_REPLACEMENT.
//
// Cost of a table: what has changed, times the roots. Thread: the builder's.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "forwarder/actions.hpp"
#include "forwarder/config.hpp"
#include "forwarder/delegation.hpp"
#include "forwarder/destination_names.hpp"
#include "forwarder/routes.hpp"
#include "forwarder/workloads.hpp"

namespace forwarder {

struct Root {
  std::shared_ptr<const resources::RouteTable> table;
  std::vector<std::string> hosts;  // the table's, in normal form
  std::shared_ptr<const Entries> entries;
  std::set<std::uint16_t> ports;              // that some of them ask for
  std::shared_ptr<const Addresses> excluded;  // callers that the table is not for; null = none
  resources::Problems problems;
  bool broken = false;  // some route answers 500 or takes nothing, though it should not
  Asked asked;
  Delegation::Followed followed;
  // The callers that each table on its way, with selectors of them, is not for.
  std::vector<std::pair<const resources::RouteTable*, std::shared_ptr<const Addresses>>> callers;
};

// What roots are made of.
struct RootSources {
  const resources::SharedList<resources::RouteTable>& tables;
  const resources::SharedList<resources::VirtualGateway>& gateways;
  const ForwarderConfig& config;
  bool synced = false;
  const MeshChanges& changes;  // since the table before
  const KnownCallers& callers;
  const std::shared_ptr<Policies>& policies;
  Upstreams& upstreams;
};

class KeptRoots {
 public:
  // True when some root was made anew, or some table came or went. `kept` keeps the others'
  // upstreams.
  bool update(const RootSources& sources, KeptUpstreams& kept);

  // The tables with hosts that the mesh or a gateway uses, in the order they are merged in: see
  // compile.hpp.
  const std::vector<std::shared_ptr<const Root>>& roots() const { return roots_; }
  // The tables that some root delegates to.
  std::set<const resources::RouteTable*> reached() const;
  Policies::Claimed claimed() const;

 private:
  using Tables = std::vector<std::shared_ptr<const resources::RouteTable>>;
  // Takes out the roots that went, puts in those that came. Returns all tables that did.
  Tables reorder(const resources::SharedList<resources::RouteTable>& tables);
  bool may_stay(const Root& root, const Tables& changed, const RootSources& sources) const;
  std::shared_ptr<const Root> accept_or_freeze(Root made, KeptUpstreams& kept);
  void forget_accepted();

  resources::SharedList<resources::RouteTable> tables_;  // of the table before
  resources::SharedList<resources::VirtualGateway> gateways_;
  std::shared_ptr<Policies> policies_;
  std::string cluster_;
  Others others_ = Others::may_be_heard;
  bool synced_ = false;
  std::vector<std::shared_ptr<const Root>> roots_;
  std::map<std::string, std::shared_ptr<const Root>> accepted_;  // of FREEZE_CONFIG, by name
};

}  // namespace forwarder
