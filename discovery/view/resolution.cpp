#include "discovery/view/resolution.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "base/list_difference.hpp"

namespace discovery::view {
namespace {

// The class of our callers at a locality: one of those, or the next while there may be more, or 0.
std::uint16_t class_at(const base::Locality& locality, const View& view,
                       std::vector<Caller>& classes) {
  const auto known = std::ranges::find(classes, locality, &Caller::locality);
  const auto place = static_cast<std::uint16_t>(known - classes.begin());
  if (known == classes.end()) {
    if (classes.size() == kMaxCallerClasses) return 0;
    classes.push_back({view.cluster, locality, view.networks});
  }
  return place;
}

// The agent's own class, then one for each other locality that is given to a network, or that a
// local endpoint, a likely caller, has.
Callers find_callers(const View& view) {
  Callers callers;
  callers.classes.push_back({view.cluster, view.locality, view.networks});
  std::vector<NetworkClasses::Entry> networks;
  for (const auto& [network, locality] : view.caller_networks)
    networks.push_back({network, class_at(locality, view, callers.classes)});
  callers.networks = NetworkClasses(std::move(networks));
  for (const auto& service : view.services) {
    if (service->cluster != view.cluster) continue;
    const Traits* last = nullptr;
    std::uint16_t index = 0;  // of the last one's class
    for (const auto& endpoint : service->endpoints) {
      if (endpoint.traits.get() != last) {
        last = endpoint.traits.get();
        index = class_at(last->locality, view, callers.classes);
      }
      if (index != 0 || !callers.networks.empty()) callers.class_of.emplace(endpoint.ip, index);
    }
  }
  return callers;
}

// Whether two states of a service are the same callers.
bool calls_alike(const Service& a, const Service& b) {
  return a.namespace_ == b.namespace_ && a.name == b.name && a.home_only == b.home_only &&
         std::ranges::equal(
             a.endpoints, b.endpoints, [](const Endpoint& one, const Endpoint& other) {
               return one.ip == other.ip && one.traits->locality == other.traits->locality;
             });
}

// Whether find_callers() would find in `after` what it found in `before`.
bool same_callers(const View& before, const View& after) {
  if (before.cluster != after.cluster || before.locality != after.locality ||
      before.networks != after.networks || before.caller_networks != after.caller_networks)
    return false;
  const auto difference = base::difference(before.services, after.services);
  const auto own = [&](const auto& services, const std::vector<std::size_t>& those) {
    std::vector<const Service*> of_ours;
    for (const auto i : those)
      if (services[i]->cluster == after.cluster) of_ours.push_back(services[i].get());
    return of_ours;
  };
  return std::ranges::equal(
      own(before.services, difference.gone), own(after.services, difference.come),
      [](const Service* was, const Service* is) { return calls_alike(*was, *is); });
}

// What selection would see of clusters that are known in both views or in one.
struct Changed {
  std::set<std::string_view> clusters;         // as a whole
  std::map<std::string_view, Drains> drained;  // in others: the drains that are not the same
  bool empty() const { return clusters.empty() && drained.empty(); }
};

Changed difference(const View& before, const View& after) {
  Changed changed;
  const auto compare = [&](const View& one, const View& other) {
    for (const auto& [name, cluster] : one.clusters) {
      const auto* there = other.find_cluster(name);
      if (!there || there->freshness != cluster.freshness) changed.clusters.insert(name);
    }
    for (const auto& [name, drains] : one.drains) {
      const auto* others = other.find_drains(name);
      for (const auto& drain : drains)
        if (!others || !std::ranges::count(*others, drain)) changed.drained[name].push_back(drain);
    }
  };
  compare(after, before);
  compare(before, after);
  return changed;
}

bool concerns(const Changed& changed, const Service& service) {
  if (changed.clusters.contains(service.cluster)) return true;
  const auto found = changed.drained.find(service.cluster);
  return found != changed.drained.end() &&
         std::ranges::any_of(found->second, [&](const Drain& drain) {
           return drain.target.is_of(service) ||
                  (drain.target.kind == DrainTarget::Kind::endpoint &&
                   std::ranges::any_of(service.endpoints, [&](const auto& endpoint) {
                     return drain.target.is_of(endpoint);
                   }));
         });
}

bool concerns(const Changed& changed, const Destination& destination) {
  return !changed.empty() && std::ranges::any_of(destination.services, [&](const auto& service) {
    return concerns(changed, *service);
  });
}

std::shared_ptr<const ResolvedDestination> resolve_one(
    const std::shared_ptr<const Destination>& destination, const Resolution& resolution) {
  auto resolved = std::make_shared<ResolvedDestination>();
  resolved->destination = destination;
  for (const auto& caller : resolution.callers->classes)
    resolved->by_class.push_back(select(*destination, *resolution.view, caller));
  return resolved;
}

}  // namespace

std::size_t Resolution::place_of(std::string_view host) const {
  const auto less = [](const auto& d, std::string_view h) { return d->destination->host < h; };
  const auto found = std::lower_bound(destinations.begin(), destinations.end(), host, less);
  if (found == destinations.end() || (*found)->destination->host != host)
    return destinations.size();
  return static_cast<std::size_t>(found - destinations.begin());
}

const ResolvedDestination* Resolution::find(std::string_view host) const {
  const auto place = place_of(host);
  return place == destinations.size() ? nullptr : destinations[place].get();
}

std::shared_ptr<const Resolution> Resolver::resolve(std::shared_ptr<const View> view) {
  auto next = std::make_shared<Resolution>();
  next->view = std::move(view);
  next->callers = last_ && same_callers(*last_->view, *next->view)
                      ? last_->callers
                      : std::make_shared<const Callers>(find_callers(*next->view));
  const auto& now = next->view->destinations;
  next->destinations.reserve(now.size());
  if (!last_ || next->callers->classes != last_->callers->classes) {
    for (const auto& destination : now)
      next->destinations.push_back(resolve_one(destination, *next));
  } else {
    const auto changed = difference(*last_->view, *next->view);
    const auto& before = last_->view->destinations;
    auto old = before.begin();
    for (const auto& destination : now) {
      // As a rule the same one stands here, and is not looked at.
      while (old != before.end() && *old != destination && (*old)->host < destination->host) ++old;
      const bool same =
          old != before.end() && *old == destination && !concerns(changed, *destination);
      next->destinations.push_back(
          same ? last_->destinations[static_cast<std::size_t>(old - before.begin())]
               : resolve_one(destination, *next));
      if (old != before.end() && *old == destination) ++old;
    }
  }
  return last_ = std::move(next);
}

}  // namespace discovery::view
