#include "discovery/view/resolution.hpp"

#include <algorithm>
#include <set>
#include <string_view>

namespace discovery::view {
namespace {

// The class of our callers at a locality: one of those, or the next while there may be more, or 0.
std::uint16_t class_at(const base::Locality& locality, const View& view,
                       std::vector<Caller>& classes) {
  const Caller caller{view.cluster, locality, view.networks};
  const auto found = std::find(classes.begin(), classes.end(), caller) - classes.begin();
  if (static_cast<std::size_t>(found) == classes.size()) {
    if (classes.size() == kMaxCallerClasses) return 0;
    classes.push_back(caller);
  }
  return static_cast<std::uint16_t>(found);
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

using Clusters = std::set<std::string_view>;

// Of those that are known in both views or in one, whose state selection would see.
Clusters changed_clusters(const View& before, const View& after) {
  Clusters changed;
  const auto compare = [&](const View& one, const View& other) {
    for (const auto& [name, cluster] : one.clusters) {
      const auto* there = other.find_cluster(name);
      if (!there || there->freshness != cluster.freshness) changed.insert(name);
    }
  };
  compare(after, before);
  compare(before, after);
  return changed;
}

bool is_in(const Destination& destination, const Clusters& clusters) {
  return !clusters.empty() && std::ranges::any_of(destination.services, [&](const auto& service) {
    return clusters.contains(service->cluster);
  });
}

std::shared_ptr<const ResolvedDestination> resolve_one(
    const std::shared_ptr<const Destination>& destination, const Resolution& resolution) {
  auto resolved = std::make_shared<ResolvedDestination>();
  resolved->destination = destination;
  for (const auto& caller : resolution.callers.classes)
    resolved->by_class.push_back(select(*destination, *resolution.view, caller));
  return resolved;
}

}  // namespace

const ResolvedDestination* Resolution::find(std::string_view host) const {
  const auto less = [](const auto& d, std::string_view h) { return d->destination->host < h; };
  const auto found = std::lower_bound(destinations.begin(), destinations.end(), host, less);
  return found == destinations.end() || (*found)->destination->host != host ? nullptr
                                                                            : found->get();
}

Resolution Resolver::resolve(std::shared_ptr<const View> view) {
  Resolution next{std::move(view), {}, {}};
  next.callers = find_callers(*next.view);
  const bool comparable = last_.view && next.callers.classes == last_.callers.classes;
  const auto changed = comparable ? changed_clusters(*last_.view, *next.view) : Clusters{};
  next.destinations.reserve(next.view->destinations.size());
  auto old = last_.destinations.begin();
  for (const auto& [host, destination] : next.view->destinations) {
    while (old != last_.destinations.end() && (*old)->destination->host < host) ++old;
    const bool same = comparable && old != last_.destinations.end() &&
                      (*old)->destination == destination && !is_in(*destination, changed);
    next.destinations.push_back(same ? *old : resolve_one(destination, next));
  }
  last_ = next;
  return next;
}

}  // namespace discovery::view
