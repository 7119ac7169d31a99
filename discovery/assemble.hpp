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
// is decided in doors.hpp. What has not changed since the view before is the same object; where
// rules and virtual destinations have not and few services have, it costs a pointer, else a
// comparison. Thread: builder. Deterministic.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
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
  // Those that win first.
  std::vector<std::shared_ptr<const resources::FailoverPolicy>> failover;
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
  using Services = std::vector<std::shared_ptr<const view::Service>>;
  using Destinations = std::vector<std::shared_ptr<const view::Destination>>;
  using Name = std::pair<std::string, std::string>;  // a service's namespace and name
  using Decoded = std::pair<const OriginPublication*, std::shared_ptr<const OriginServices>>;
  static constexpr std::size_t kFew = 1000;  // changed services that are looked at one by one

  struct Definition {
    std::shared_ptr<const resources::VirtualDestination> document;
    bool home_only = false;
    friend bool operator==(const Definition&, const Definition&) = default;
  };
  // A host that virtual destinations name.
  struct Claimed {
    const resources::VirtualDestination* winner = nullptr;  // among admitted_
    std::vector<std::string> conflicts;                     // with the other definitions
    bool home_only = false;
    bool outranked = false;             // by a service at home that is called so
    std::vector<std::string> services;  // that are called so, and lose
  };

  std::vector<Decoded> decode(const Publication& publication);
  bool change(view::View& view);
  void make_anew(view::View& view, const view::View* before);
  void claim(view::View& view);
  std::vector<std::string> hosts_of(const Name& name) const;
  void put_in_order(Services& services) const;
  view::Destination draft_of(const std::string& host, const Services& services) const;
  view::Destination draft_of(const std::string& host, const Claimed& claimed,
                             const Services& all) const;
  void name_closed_forwarder(view::Destination& draft) const;
  void give_failover(view::Destination& draft) const;
  std::shared_ptr<const view::Destination> finish(view::Destination draft) const;
  void put(Destinations& destinations, view::Destination draft) const;

  base::Each each_;
  OriginCache cache_;
  OriginDecoder home_;
  std::map<OriginId, ImportedServices> imported_;

  // The last view, and what its destinations were made of.
  std::shared_ptr<const view::View> last_;
  AssemblyRules rules_;  // without `home`; with the forwarders of all our agents
  std::vector<std::string> clusters_;
  std::vector<Definition> definitions_;
  std::vector<resources::VirtualDestination> admitted_;  // with the hosts that we answer for
  std::map<std::string, Claimed> claims_;                // by host
  std::map<Name, Services> by_name_;                     // each in the order of its word
  bool ambiguous_ = false;                               // two services have one host
};

}  // namespace discovery
