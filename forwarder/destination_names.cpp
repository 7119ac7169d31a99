#include "forwarder/destination_names.hpp"

#include <algorithm>
#include <tuple>

#include "base/list_difference.hpp"

namespace forwarder {
namespace {

namespace view = discovery::view;

const std::string& host_of(const DestinationNames::Source& source) {
  return source->destination->host;
}

ReferenceName name_of(const DestinationNames::Source& source) {
  return {source->destination->namespace_, source->destination->name};
}

// What a service is without its endpoints, where no zone names it.
auto look_of(const view::Service& service) {
  return std::tie(service.namespace_, service.name, service.cluster, service.labels, service.ports);
}

}  // namespace

bool look_alike(const view::Destination& a, const view::Destination& b) {
  const auto look = [](const view::Destination& d) {
    return std::tie(d.kind, d.host, d.namespace_, d.name, d.cluster, d.labels, d.ports, d.headless,
                    d.door.kind, d.door.why, d.defined_by);
  };
  return look(a) == look(b);
}

MeshChanges DestinationNames::go_to(const view::Resolution& resolution) {
  MeshChanges changes;
  compare_destinations(resolution.destinations, changes);
  compare_services(*resolution.view, changes);
  return changes;
}

void DestinationNames::compare_destinations(const std::vector<Source>& next, MeshChanges& changes) {
  const auto difference = base::difference(destinations_, next);
  for (const auto i : difference.gone) {
    const auto called = by_name_.find(name_of(destinations_[i]));
    std::erase(called->second, destinations_[i]);
    if (called->second.empty()) by_name_.erase(called);
  }
  for (const auto i : difference.come) {
    auto& called = by_name_[name_of(next[i])];
    called.insert(std::ranges::upper_bound(called, host_of(next[i]), {}, host_of), next[i]);
  }

  auto gone = difference.gone.begin();
  auto come = difference.come.begin();
  while (gone != difference.gone.end() || come != difference.come.end()) {
    const auto* was = gone == difference.gone.end() ? nullptr : &destinations_[*gone];
    const auto* is = come == difference.come.end() ? nullptr : &next[*come];
    if (was && is && host_of(*was) != host_of(*is))
      (host_of(*was) < host_of(*is) ? is : was) = nullptr;
    if (was) ++gone;
    if (is) ++come;
    if (was && is && *was == *is) continue;  // it has only changed places
    if (was && is && look_alike(*(*was)->destination, *(*is)->destination)) continue;
    if (was) changes.names.insert(name_of(*was));
    if (is) changes.names.insert(name_of(*is));
    changes.came_or_went = true;
  }
  destinations_ = next;
}

void DestinationNames::compare_services(const view::View& next, MeshChanges& changes) {
  const auto difference = base::difference(services_, next.services);
  std::vector<const view::Service*> gone, come;
  for (const auto i : difference.gone) gone.push_back(services_[i].get());
  for (const auto i : difference.come) come.push_back(next.services[i].get());
  const auto by_look = [](const auto* a, const auto* b) {
    const auto key = [](const view::Service& s) {
      return std::tie(s.namespace_, s.name, s.cluster);
    };
    return key(*a) < key(*b);
  };
  std::ranges::stable_sort(gone, by_look);
  std::ranges::stable_sort(come, by_look);
  auto at = come.begin();
  const auto changed = [&](const view::Service& service) {
    changes.names.emplace(service.namespace_, service.name);
    changes.came_or_went = true;
  };
  for (const auto* was : gone) {
    while (at != come.end() && by_look(*at, was)) changed(**at++);
    if (at != come.end() && look_of(**at) == look_of(*was))
      ++at;
    else
      changed(*was);
  }
  while (at != come.end()) changed(**at++);
  services_ = next.services;
}

const std::vector<DestinationNames::Source>& DestinationNames::find(Key key) const {
  static const std::vector<Source> none;
  const auto found = by_name_.find(key);
  return found == by_name_.end() ? none : found->second;
}

}  // namespace forwarder
