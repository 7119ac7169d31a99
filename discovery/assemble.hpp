// From what origins say to what names mean: makes the View out of a Publication and the local
// rules.
//
// A host belongs to one definition (DESIGN §5): at home the home definition wins; elsewhere the
// older (published creationTimestamp), then cluster, namespace, name; the losers are named in the
// winner's `conflicts`. Every exported service also has `<service>.<namespace>.<zone>` unless a
// virtual destination took that host; a service at home keeps its name against the virtual
// destinations of others. Of a cluster with several replicas the one that is taken
// (replica_choice.hpp) is read; behind the forwarder's door stand the addresses of all our
// cluster's forwarders whose agents speak. What the import rule does not let in of others is kept
// aside with its reason; what is for the home only (`home`) is read beside the own origin. The door
// is decided here, from documents alone: health does not move it, nor does a service that has no
// endpoints for the moment; only where a target port is declared by name do endpoints tell its
// number, and until one is known it counts as the same. A host that has ports, none of which the
// forwarder speaks, never leads to it, whatever names the host: there nothing of it would be
// served. What has not changed since the view before
// is the same object and costs a comparison. Thread: builder. Deterministic.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/each.hpp"
#include "discovery/import_rule.hpp"
#include "discovery/imported_services.hpp"
#include "discovery/origin_services.hpp"
#include "discovery/rows.hpp"
#include "discovery/view/view.hpp"

namespace discovery {

struct AssemblyRules : ImportRule {
  std::string cluster;
  base::Locality locality;
  std::vector<std::string> networks;
  std::vector<view::CallerNetwork> caller_networks;
  // Hosts that a mesh RouteTable names exactly → the table, for the door's reason.
  std::map<std::string, std::string, std::less<>> routed_hosts;
  Rows home;  // rows of our own that nobody else is told of, with the agent's row
  // Where callers of this cluster reach this agent's forwarder; empty = there is none.
  std::vector<base::IpAddress> forwarders;
  bool own_forwarder_only = false;  // a leaf's: what it forwards its node's documents say
};

class Assembler {
 public:
  // `each`: how several origins are decoded.
  explicit Assembler(base::Each each = base::one_by_one) : each_(std::move(each)) {}

  // `version` becomes the view's.
  std::shared_ptr<const view::View> assemble(const Publication& publication,
                                             const AssemblyRules& rules, std::uint64_t version);

 private:
  const base::Each each_;
  OriginCache cache_;
  OriginDecoder home_;
  std::map<OriginId, ImportedServices> imported_;
  // The last view, and what its doors were decided by beside its destinations.
  std::shared_ptr<const view::View> last_;
  std::vector<base::IpAddress> forwarders_;
  std::map<std::string, std::string, std::less<>> routed_hosts_;
};

}  // namespace discovery
