#include "discovery/view/resolution.hpp"

#include <algorithm>

namespace discovery::view {
namespace {

// The agent's own class, then one for each other locality that a local endpoint, a likely caller,
// has.
Callers find_callers(const View& view) {
  Callers callers;
  callers.classes.push_back({view.cluster, view.locality, view.networks});
  for (const auto& service : view.services) {
    if (service->cluster != view.cluster) continue;
    for (const auto& endpoint : service->endpoints) {
      const Caller caller{view.cluster, endpoint.locality, view.networks};
      auto found = std::find(callers.classes.begin(), callers.classes.end(), caller);
      if (found == callers.classes.end()) {
        if (callers.classes.size() == kMaxCallerClasses) continue;
        found = callers.classes.insert(callers.classes.end(), caller);
      }
      if (const auto index = static_cast<std::uint16_t>(found - callers.classes.begin());
          index != 0)
        callers.class_of.emplace(endpoint.ip, index);
    }
  }
  return callers;
}

}  // namespace

const ResolvedDestination* Resolution::find(std::string_view host) const {
  const auto less = [](const auto& d, std::string_view h) { return d->destination->host < h; };
  const auto found = std::lower_bound(destinations.begin(), destinations.end(), host, less);
  return found == destinations.end() || (*found)->destination->host != host ? nullptr
                                                                            : found->get();
}

Resolution resolve(std::shared_ptr<const View> view) {
  Resolution resolution{std::move(view), {}, {}};
  resolution.callers = find_callers(*resolution.view);
  resolution.destinations.reserve(resolution.view->destinations.size());
  for (const auto& [host, destination] : resolution.view->destinations) {
    auto resolved = std::make_shared<ResolvedDestination>();
    resolved->destination = destination;
    for (const auto& caller : resolution.callers.classes)
      resolved->by_class.push_back(select(*destination, *resolution.view, caller));
    resolution.destinations.push_back(std::move(resolved));
  }
  return resolution;
}

}  // namespace discovery::view
