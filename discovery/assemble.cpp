#include "discovery/assemble.hpp"

#include <algorithm>
#include <set>

#include "discovery/claims.hpp"

namespace discovery {
namespace {

using view::Destination;
using view::DestinationPort;
using view::Door;
using view::View;

// Where callers of this cluster reach its forwarders: this agent's, and those of its siblings that
// speak. A sibling's is only ours to tell where we have one, too: routes are documents' alike.
std::vector<base::IpAddress> forwarders_of(const Publication& publication,
                                           const AssemblyRules& rules) {
  auto addresses = rules.forwarders;
  if (addresses.empty() || rules.own_forwarder_only) return addresses;
  const bool loopback = addresses.front().is_loopback();
  for (const auto& origin : publication.origins) {
    if (origin.local || origin.id.cluster != rules.cluster ||
        origin.freshness != view::Freshness::fresh)
      continue;
    for (const auto& ip : agent_of(origin).forwarders)
      if (rules.admits(ip) && ip.is_loopback() == loopback &&
          std::ranges::find(addresses, ip) == addresses.end())
        addresses.push_back(ip);
  }
  return addresses;
}

// Kubernetes leaves the protocol open more often than not; Istio's convention reads it from the
// port's name, up to the first '-'. A port with neither is HTTP, as in a VirtualDestination; a name
// that says nothing is TCP.
std::string protocol_of(const view::ServicePort& port) {
  std::string said =
      port.app_protocol.empty() ? port.name.substr(0, port.name.find('-')) : port.app_protocol;
  for (char& c : said)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (said.empty() || said == "WEB") return "HTTP";
  if (said == "KUBERNETES.IO/H2C") return "HTTP2";
  for (const char* known : {"HTTP", "HTTPS", "HTTP2", "GRPC", "TLS", "MONGO"})
    if (said == known) return said;
  return "TCP";
}

// What documents say that `port` is at the endpoints of `service`; 0 where they say nothing: a
// target port that has only a name is known by the endpoints alone.
std::uint16_t declared_target(const DestinationPort& port, const view::Service& service) {
  const auto* declared = view::declared_port(port, service);
  if (!declared) return service.ports.empty() ? port.target_number : 0;
  if (!declared->target_name.empty()) return 0;
  return declared->target_number ? declared->target_number : declared->number;
}

// Declared ports come first, so that a service without endpoints for the moment keeps its door.
bool needs_mapping(const Destination& destination, const DestinationPort& port) {
  const auto is_other = [&](std::uint16_t target) { return target && target != port.number; };
  if (destination.services.empty()) return is_other(port.target_number);
  view::TargetPorts targets(port);
  for (const auto& service : destination.services) {
    if (is_other(declared_target(port, *service))) return true;
    for (const auto& endpoint : service->endpoints)
      if (is_other(targets.of(*service, endpoint).value_or(0))) return true;
  }
  return false;
}

// A host without ports may be served on those that routes name.
bool may_be_forwarded(const Destination& destination) {
  return destination.ports.empty() || std::ranges::any_of(destination.ports, [](const auto& port) {
           return view::is_http1(port.protocol);
         });
}

// DESIGN §5 "The door": the forwarder if a mesh RouteTable names the host exactly or a port must be
// mapped; never for headless names, nor where the forwarder speaks none of the ports.
Door decide_door(const Destination& destination, const AssemblyRules& rules,
                 const std::vector<base::IpAddress>& forwarders) {
  if (destination.headless)
    return {Door::Kind::endpoints, "headless: the endpoints themselves", {}};
  if (forwarders.empty()) return {Door::Kind::endpoints, "the forwarder is switched off", {}};
  const auto routed = rules.routed_hosts.find(destination.host);
  if (routed != rules.routed_hosts.end()) {
    if (may_be_forwarded(destination))
      return {Door::Kind::forwarder, routed->second + " names the host", forwarders};
    return {Door::Kind::endpoints,
            routed->second +
                " names the host, but none of its ports is HTTP/1.1, which is all that "
                "the forwarder speaks",
            {}};
  }
  for (const auto& port : destination.ports)
    if (view::is_http1(port.protocol) && needs_mapping(destination, port))
      return {Door::Kind::forwarder,
              "port " + std::to_string(port.number) + " is another port at its endpoints",
              forwarders};
  return {Door::Kind::endpoints,
          "no route table names the host and every port is the endpoints' own",
          {}};
}

// Ports that nobody can reach behind that door, whatever the reason.
void name_dead_ports(Destination& destination) {
  const bool behind_forwarder = destination.door.kind == Door::Kind::forwarder;
  for (const auto& port : destination.ports) {
    const bool http = view::is_http1(port.protocol);
    const auto which = "port " + std::to_string(port.number) + " (" + port.protocol + ") ";
    if (behind_forwarder && !http)
      destination.dead_ports.push_back(
          {port.number, which + "is behind the forwarder, which speaks HTTP/1.1 only (" +
                            destination.door.why + "): give it a host of its own"});
    else if (!behind_forwarder && !destination.headless && needs_mapping(destination, port))
      destination.dead_ports.push_back(
          {port.number,
           which + "is another port at its endpoints, " +
               (http ? "and the forwarder is switched off: switch it on, or "
                     : "which only the forwarder could map, and that speaks HTTP/1.1 only: ") +
               "serve it on the same port everywhere"});
  }
}

// Apart from what follows from the rest and the rules: the door and the ports that it does not
// serve.
bool same_but_door(const Destination& a, const Destination& b) {
  return a.services == b.services && a.kind == b.kind && a.defined_by == b.defined_by &&
         a.namespace_ == b.namespace_ && a.name == b.name && a.cluster == b.cluster &&
         a.labels == b.labels && a.ports == b.ports && a.headless == b.headless &&
         a.home_only == b.home_only && a.prefer == b.prefer && a.conflicts == b.conflicts;
}

class Assembly {
 public:
  Assembly(const AssemblyRules& rules, const std::vector<base::IpAddress>& forwarders, View& view)
      : rules_(rules), forwarders_(forwarders), view_(view) {}

  // `taken`: of its services what may be imported.
  void add_cluster(const OriginPublication& origin, std::shared_ptr<const OriginServices> services,
                   const ImportedServices::Services& taken) {
    view_.clusters[origin.id.cluster] = {origin.id.cluster,     services->agent.locality,
                                         origin.freshness,      origin.age,
                                         services->undecodable, origin.quarantine};
    view_.services.insert(view_.services.end(), taken.begin(), taken.end());
    for (const auto& destination : services->destinations)
      definitions_.push_back(destination.get());
    origins_.push_back(std::move(services));
  }

  void add_home(std::shared_ptr<const OriginServices> services) {
    view_.services.insert(view_.services.end(), services->services.begin(),
                          services->services.end());
    for (const auto& destination : services->destinations) {
      definitions_.push_back(destination.get());
      at_home_only_.insert(destination.get());
    }
    origins_.push_back(std::move(services));
  }

  void add_virtual_destinations() {
    std::vector<resources::VirtualDestination> admitted;
    admitted.reserve(definitions_.size());
    for (const auto* definition : definitions_) {
      auto& copy = admitted.emplace_back(*definition);
      if (copy.metadata.cluster == rules_.cluster) continue;
      std::erase_if(copy.hosts, [&](const auto& host) {
        if (rules_.admits_host(host)) return false;
        view_.refused_hosts.push_back({host, copy.metadata.cluster, describe(copy)});
        return true;
      });
    }
    std::set<const resources::VirtualDestination*> at_home_only;
    for (std::size_t i = 0; i < admitted.size(); ++i)
      if (at_home_only_.contains(definitions_[i])) at_home_only.insert(&admitted[i]);
    std::vector<const resources::VirtualDestination*> pointers;
    for (const auto& definition : admitted) pointers.push_back(&definition);
    const auto at_home = names_at_home();
    for (auto& [host, claim] : claim_hosts(pointers, rules_.cluster)) {
      if (claim.winner->metadata.cluster != rules_.cluster && at_home.contains(host))
        outranked_[host] = describe(*claim.winner);
      else
        add(virtual_destination(host, *claim.winner, std::move(claim.conflicts),
                                at_home_only.contains(claim.winner)));
    }
  }

  void add_services() {
    std::map<std::pair<std::string, std::string>, std::vector<std::shared_ptr<const view::Service>>>
        by_name;
    for (const auto& service : view_.services)
      by_name[{service->namespace_, service->name}].push_back(service);
    // The own cluster's word comes first: a peer's service of the same name adds endpoints, not
    // meaning.
    for (auto& [name, services] : by_name)
      std::stable_partition(services.begin(), services.end(), [&](const auto& service) {
        return service->cluster == rules_.cluster;
      });
    for (const auto& zone : rules_.zones) {
      if (is_reverse(zone)) continue;
      for (const auto& [name, services] : by_name) {
        auto destination = service_destination(host_of(*services.front(), zone), services);
        if (const auto loser = outranked_.find(destination.host); loser != outranked_.end())
          destination.conflicts.push_back(loser->second + " also names " + destination.host + "; " +
                                          destination.defined_by + " wins: it is at home");
        if (const auto taken = drafts_.find(destination.host); taken != drafts_.end())
          taken->second.conflicts.push_back(destination.defined_by + " has this name too; " +
                                            taken->second.defined_by + " wins");
        else
          add(std::move(destination));
      }
    }
  }

  // What of `before` comes out again is the same object; null: nothing may.
  void finish(const View* before) {
    for (auto& [host, draft] : drafts_) {
      std::shared_ptr<const Destination> made;
      if (before)
        if (const auto known = before->destinations.find(host);
            known != before->destinations.end() && same_but_door(*known->second, draft))
          made = known->second;
      if (!made) made = complete(std::move(draft));
      view_.destinations.emplace_hint(view_.destinations.end(), host, std::move(made));
    }
  }

 private:
  // Of addresses: services have no names in it.
  static bool is_reverse(const std::string& zone) {
    return is_inside(zone, {"in-addr.arpa", "ip6.arpa"});
  }
  static std::string host_of(const view::Service& service, const std::string& zone) {
    return service.name + "." + service.namespace_ + "." + zone;
  }

  // What our own services are called: at home the home definition wins (DESIGN §5).
  std::set<std::string, std::less<>> names_at_home() const {
    std::set<std::string, std::less<>> names;
    for (const auto& zone : rules_.zones) {
      if (is_reverse(zone)) continue;
      for (const auto& service : view_.services)
        if (service->cluster == rules_.cluster) names.insert(host_of(*service, zone));
    }
    return names;
  }

  void add(Destination draft) {
    const auto routed = rules_.routed_hosts.find(draft.host);
    if (routed != rules_.routed_hosts.end() && forwarders_.empty() && !draft.headless)
      draft.conflicts.push_back(routed->second +
                                " names the host, but the forwarder is switched off");
    auto host = draft.host;
    drafts_.emplace(std::move(host), std::move(draft));
  }

  std::shared_ptr<const Destination> complete(Destination draft) const {
    draft.door = decide_door(draft, rules_, forwarders_);
    name_dead_ports(draft);
    return std::make_shared<const Destination>(std::move(draft));
  }

  Destination virtual_destination(const std::string& host,
                                  const resources::VirtualDestination& definition,
                                  std::vector<std::string> conflicts, bool home_only) const {
    Destination made;
    made.home_only = home_only;
    made.kind = Destination::Kind::virtual_destination;
    made.host = host;
    made.defined_by = describe(definition);
    made.namespace_ = definition.metadata.namespace_;
    made.name = definition.metadata.name;
    made.cluster = definition.metadata.cluster;
    made.labels = definition.metadata.labels;
    made.prefer = definition.prefer;
    made.conflicts = std::move(conflicts);
    for (const auto& port : definition.ports)
      made.ports.push_back({port.number, port.target_port.name, port.protocol,
                            port.target_port.name, port.target_port.number});
    // Gloo: one service a cluster; further ones are named and left out (gloo.md §3).
    std::map<std::string, const view::Service*> taken;
    for (const auto& service : view_.services) {
      if (!selects(definition, *service)) continue;
      if (const auto [first, is_first] = taken.emplace(service->cluster, service.get()); is_first)
        made.services.push_back(service);
      else
        made.conflicts.push_back("service " + service->namespace_ + "/" + service->name +
                                 " of cluster " + service->cluster + " is selected too; " +
                                 first->second->namespace_ + "/" + first->second->name +
                                 " is used");
    }
    made.headless = !made.services.empty() &&
                    std::all_of(made.services.begin(), made.services.end(),
                                [](const auto& service) { return service->headless; });
    return made;
  }

  static bool selects(const resources::VirtualDestination& definition,
                      const view::Service& service) {
    return std::any_of(definition.services.begin(), definition.services.end(),
                       [&](const auto& selector) {
                         return selector.matches(service.labels, service.name, service.namespace_,
                                                 service.cluster);
                       });
  }

  static Destination service_destination(
      std::string host, const std::vector<std::shared_ptr<const view::Service>>& services) {
    Destination made;
    made.kind = Destination::Kind::service;
    made.host = std::move(host);
    made.namespace_ = services.front()->namespace_;
    made.name = services.front()->name;
    made.cluster = services.front()->cluster;
    made.labels = services.front()->labels;
    made.defined_by = "Service " + made.namespace_ + "/" + made.name;
    made.services = services;
    made.headless = services.front()->headless;
    made.home_only = services.front()->home_only;
    std::set<std::uint16_t> seen;
    for (const auto& service : services)
      for (const auto& port : service->ports)
        if (seen.insert(port.number).second)
          made.ports.push_back({port.number, port.name, protocol_of(port), "", 0});
    return made;
  }

  const AssemblyRules& rules_;
  const std::vector<base::IpAddress>& forwarders_;
  View& view_;
  std::map<std::string, Destination> drafts_;                   // by host; without doors
  std::vector<std::shared_ptr<const OriginServices>> origins_;  // keeps definitions_ alive
  std::vector<const resources::VirtualDestination*> definitions_;
  std::set<const resources::VirtualDestination*> at_home_only_;
  std::map<std::string, std::string, std::less<>> outranked_;  // host → others' definition of it
};

}  // namespace

std::shared_ptr<const View> Assembler::assemble(const Publication& publication,
                                                const AssemblyRules& rules, std::uint64_t version) {
  auto view = std::make_shared<View>();
  view->version = version;
  view->cluster = rules.cluster;
  view->locality = rules.locality;
  view->networks = rules.networks;
  view->caller_networks = rules.caller_networks;
  view->zones = rules.zones;
  view->synced = publication.synced;

  auto forwarders = forwarders_of(publication, rules);
  Assembly assembly(rules, forwarders, *view);
  std::vector<const OriginPublication*> taken;
  for (const auto& origin : publication.origins)
    if (origin.taken) taken.push_back(&origin);
  auto decoded = cache_.get(taken, each_);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const auto& id = taken[i]->id;
    const auto& services =
        id.cluster == rules.cluster ? decoded[i]->services : imported_[id].of(decoded[i], rules);
    assembly.add_cluster(*taken[i], decoded[i], services);
  }
  OriginPublication home;
  home.id.cluster = rules.cluster;
  home.rows = rules.home;
  home.home_only = true;
  assembly.add_home(home_.decode(home));
  assembly.add_virtual_destinations();
  assembly.add_services();
  const bool same_doors = forwarders == forwarders_ && rules.routed_hosts == routed_hosts_;
  assembly.finish(last_ && same_doors ? last_.get() : nullptr);
  cache_.keep_only(publication);
  std::erase_if(imported_, [&](const auto& one) {
    return std::ranges::none_of(taken, [&](const auto* origin) { return origin->id == one.first; });
  });
  last_ = view;
  forwarders_ = std::move(forwarders);
  routed_hosts_ = rules.routed_hosts;
  return view;
}

}  // namespace discovery
