#include "discovery/view/affinity.hpp"

#include "base/ascii.hpp"

namespace discovery::view {
std::string_view to_string(Topology topology) {
  switch (topology) {
    case Topology::zone:
      return "zone";
    case Topology::region:
      return "region";
    case Topology::cluster:
      return "cluster";
  }
  return "unknown";
}

std::string_view place_of(const Traits& traits, Topology topology) {
  switch (topology) {
    case Topology::zone:
      return traits.locality.zone;
    case Topology::region:
      return traits.locality.region;
    case Topology::cluster:
      return traits.cluster;
  }
  return {};
}

bool is_there(const Traits& traits, const Affinity& affinity) {
  return !affinity.place.empty() &&
         base::equal_ignoring_case(place_of(traits, affinity.topology), affinity.place);
}

}  // namespace discovery::view
