#include "discovery/assemble.hpp"

#include <algorithm>
#include <tuple>

#include "base/list_difference.hpp"
#include "discovery/claims.hpp"
#include "discovery/doors.hpp"
#include "discovery/drafts.hpp"
#include "discovery/of_itself.hpp"
#include "discovery/view/ranking.hpp"

namespace discovery {
namespace {

using view::Destination;
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

// As far as they say what hosts mean.
bool mean_the_same(const AssemblyRules& a, const AssemblyRules& b) {
  const ImportRule &one = a, &other = b;
  return one == other && a.cluster == b.cluster && a.routed_hosts == b.routed_hosts &&
         a.forwarders == b.forwarders;
}

bool is_reverse(const std::string& zone) { return is_inside(zone, {"in-addr.arpa", "ip6.arpa"}); }

using Destinations = std::vector<std::shared_ptr<const Destination>>;

// Where the host stands, or would.
Destinations::const_iterator find_host(const Destinations& destinations, std::string_view host) {
  return std::ranges::lower_bound(destinations, host, {}, [](const auto& destination) {
    return std::string_view(destination->host);
  });
}
bool is_host(const Destinations& destinations, Destinations::const_iterator at,
             std::string_view host) {
  return at != destinations.end() && (*at)->host == host;
}

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

  AssemblyRules wanted = rules;
  wanted.home = {};
  wanted.forwarders = forwarders_of(publication, rules);
  std::vector<Definition> definitions;
  std::vector<std::string> clusters;
  const auto add = [&](const OriginServices& origin, const Services& services, bool home_only) {
    view->services.insert(view->services.end(), services.begin(), services.end());
    for (const auto& destination : origin.destinations)
      definitions.push_back({destination, home_only});
  };
  for (const auto& [origin, services] : decode(publication)) {
    const auto& id = origin->id;
    view->clusters[id.cluster] = {id.cluster,  services->agent.locality, origin->freshness,
                                  origin->age, services->undecodable,    origin->quarantine};
    clusters.push_back(id.cluster);
    add(*services,
        id.cluster == rules.cluster ? services->services : imported_[id].of(services, rules),
        false);
  }
  std::map<std::string, std::vector<DrainStates>> said;
  for (const auto& origin : publication.origins)
    if (auto drains = drains_in(origin.rows); !drains.empty())
      said[origin.id.cluster].push_back(std::move(drains));
  for (const auto& [cluster, drains] : said)
    if (auto left = heeded(drains); !left.empty()) view->drains[cluster] = std::move(left);
  OriginPublication home;
  home.id.cluster = rules.cluster;
  home.rows = rules.home;
  home.home_only = true;
  const auto at_home = home_.decode(home);
  add(*at_home, at_home->services, true);

  const bool same_rules = last_ && mean_the_same(wanted, rules_);
  const bool same_claims = same_rules && clusters == clusters_ && definitions == definitions_;
  const bool same_failover = wanted.failover == rules_.failover;
  rules_ = std::move(wanted);
  clusters_ = std::move(clusters);
  definitions_ = std::move(definitions);
  if (!same_claims || !same_failover || !change(*view))
    make_anew(*view, same_rules ? last_.get() : nullptr);
  return last_ = std::move(view);
}

// The origins that are taken, each decoded.
std::vector<std::pair<const OriginPublication*, std::shared_ptr<const OriginServices>>>
Assembler::decode(const Publication& publication) {
  std::vector<const OriginPublication*> taken;
  for (const auto& origin : publication.origins)
    if (origin.taken) taken.push_back(&origin);
  auto decoded = cache_.get(taken, each_);
  cache_.keep_only(publication);
  std::erase_if(imported_, [&](const auto& one) {
    return std::ranges::none_of(taken, [&](const auto* origin) { return origin->id == one.first; });
  });
  std::vector<std::pair<const OriginPublication*, std::shared_ptr<const OriginServices>>> origins;
  for (std::size_t i = 0; i < taken.size(); ++i)
    origins.emplace_back(taken[i], std::move(decoded[i]));
  return origins;
}

std::vector<std::string> Assembler::hosts_of(const Name& name) const {
  std::vector<std::string> hosts;
  for (const auto& zone : rules_.zones)
    if (!is_reverse(zone)) hosts.push_back(name.second + "." + name.first + "." + zone);
  return hosts;
}

// The own cluster's word comes first: a peer's service of the same name adds endpoints, not
// meaning. Else they stand as in the view.
void Assembler::put_in_order(Services& services) const {
  const auto place = [this](const auto& service) {
    return std::tuple(service->cluster != rules_.cluster, service->home_only,
                      std::ranges::find(clusters_, service->cluster));
  };
  std::ranges::stable_sort(services, {}, place);
}

Destination Assembler::draft_of(const std::string& host, const Services& services) const {
  auto made = draft(host, services);
  if (const auto loser = claims_.find(host); loser != claims_.end())
    made.conflicts.push_back(describe(*loser->second.winner) + " also names " + host + "; " +
                             made.defined_by + " wins: it is at home");
  name_closed_forwarder(made);
  give_failover(made);
  return made;
}

Destination Assembler::draft_of(const std::string& host, const Claimed& claimed,
                                const Services& all) const {
  auto made = draft(host, *claimed.winner, claimed.conflicts, all);
  made.home_only = claimed.home_only;
  name_closed_forwarder(made);
  give_failover(made);
  for (const auto& service : claimed.services)
    made.conflicts.push_back(service + " has this name too; " + made.defined_by + " wins");
  return made;
}

void Assembler::name_closed_forwarder(Destination& draft) const {
  const auto routed = rules_.routed_hosts.find(draft.host);
  if (routed != rules_.routed_hosts.end() && rules_.forwarders.empty() && !draft.headless)
    draft.conflicts.push_back(routed->second +
                              " names the host, but the forwarder is switched off");
}

void Assembler::give_failover(Destination& draft) const {
  const auto found = std::ranges::find_if(
      rules_.failover, [&](const auto& policy) { return view::selects(*policy, draft); });
  if (found != rules_.failover.end()) draft.failover = *found;
}

std::shared_ptr<const Destination> Assembler::finish(Destination draft) const {
  draft.door = decide_door(draft, rules_);
  name_dead_ports(draft);
  return std::make_shared<const Destination>(std::move(draft));
}

// Who defines which host, of those that we answer for.
void Assembler::claim(View& view) {
  admitted_.clear();
  for (const auto& definition : definitions_) {
    auto& copy = admitted_.emplace_back(*definition.document);
    if (copy.hosts.empty()) {
      copy.hosts.push_back(view::call_without_host(copy));
      continue;
    }
    if (copy.metadata.cluster == rules_.cluster) continue;
    std::erase_if(copy.hosts, [&](const auto& host) {
      if (rules_.admits_host(host)) return false;
      view.refused_hosts.push_back({host, copy.metadata.cluster, describe(copy)});
      return true;
    });
  }
  std::vector<const resources::VirtualDestination*> pointers;
  for (const auto& definition : admitted_) pointers.push_back(&definition);
  claims_.clear();
  for (auto& [host, claim] : claim_hosts(pointers, rules_.cluster)) {
    const auto which = static_cast<std::size_t>(claim.winner - admitted_.data());
    claims_[host] = {
        claim.winner, std::move(claim.conflicts), definitions_[which].home_only, false, {}};
  }
  for (const auto& [name, services] : by_name_) {
    const bool at_home = services.front()->cluster == rules_.cluster;
    for (const auto& host : hosts_of(name)) {
      const auto claimed = claims_.find(host);
      if (claimed == claims_.end()) continue;
      // At home the home definition wins (DESIGN §5).
      if (at_home && claimed->second.winner->metadata.cluster != rules_.cluster)
        claimed->second.outranked = true;
      else
        claimed->second.services.push_back(draft(host, services).defined_by);
    }
  }
}

void Assembler::make_anew(View& view, const View* before) {
  by_name_.clear();
  for (const auto& service : view.services)
    by_name_[{service->namespace_, service->name}].push_back(service);
  for (auto& [name, services] : by_name_) put_in_order(services);
  claim(view);
  std::map<std::string, Destination> drafts;
  for (const auto& [host, claimed] : claims_)
    if (!claimed.outranked) drafts.emplace(host, draft_of(host, claimed, view.services));
  ambiguous_ = false;
  for (const auto& [name, services] : by_name_)
    for (const auto& host : hosts_of(name)) {
      if (const auto claimed = claims_.find(host);
          claimed != claims_.end() && !claimed->second.outranked)
        continue;
      auto made = draft_of(host, services);
      const auto conflict = made.defined_by + " has this name too; ";
      const auto [taken, is_first] = drafts.emplace(host, std::move(made));
      if (is_first) continue;
      ambiguous_ = true;
      taken->second.conflicts.push_back(conflict + taken->second.defined_by + " wins");
    }
  for (auto& [host, made] : drafts) {
    const auto known =
        before ? find_host(before->destinations, host) : Destinations::const_iterator();
    const bool same =
        before && is_host(before->destinations, known, host) && same_but_door(**known, made);
    view.destinations.push_back(same ? *known : finish(std::move(made)));
  }
}

// By what has changed of services since the last view, where that is little and moves no claim.
bool Assembler::change(View& view) {
  const auto difference = base::difference(last_->services, view.services);
  if (ambiguous_ || difference.gone.size() + difference.come.size() > kFew) return false;
  Services gone, come, changed;
  for (const auto i : difference.gone) gone.push_back(last_->services[i]);
  for (const auto i : difference.come) come.push_back(view.services[i]);
  changed = gone;
  changed.insert(changed.end(), come.begin(), come.end());
  std::set<Name> names;
  for (const auto& service : changed) names.insert({service->namespace_, service->name});
  for (const auto& name : names)
    if (std::ranges::any_of(hosts_of(name), [&](auto& host) { return claims_.contains(host); }))
      return false;

  view.refused_hosts = last_->refused_hosts;
  view.destinations = last_->destinations;
  for (const auto& service : gone)
    std::erase(by_name_[{service->namespace_, service->name}], service);
  for (const auto& service : come)
    by_name_[{service->namespace_, service->name}].push_back(service);
  for (const auto& name : names) {
    auto& services = by_name_[name];
    put_in_order(services);
    for (const auto& host : hosts_of(name)) {
      if (!services.empty())
        put(view.destinations, draft_of(host, services));
      else if (const auto at = find_host(view.destinations, host);
               is_host(view.destinations, at, host))
        view.destinations.erase(at);
    }
    if (services.empty()) by_name_.erase(name);
  }
  for (const auto& [host, claimed] : claims_) {
    const auto& document = *claimed.winner;
    const auto is_selected = [&](const auto& service) { return selects(document, *service); };
    if (!claimed.outranked && std::ranges::any_of(changed, is_selected))
      put(view.destinations, draft_of(host, claimed, view.services));
  }
  return true;
}

void Assembler::put(Destinations& destinations, Destination draft) const {
  const auto at = find_host(destinations, draft.host);
  if (!is_host(destinations, at, draft.host))
    destinations.insert(at, finish(std::move(draft)));
  else if (!same_but_door(**at, draft))
    destinations[static_cast<std::size_t>(at - destinations.begin())] = finish(std::move(draft));
}

}  // namespace discovery
