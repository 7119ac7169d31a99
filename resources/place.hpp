// A region, a zone of it or a sub-zone of that, as documents name places. Thread: pure.
#pragma once

#include "base/locality.hpp"

namespace resources {

// Whether the locality is there; what the place leaves out is any.
inline bool holds(const base::Locality& place, const base::Locality& locality) {
  return place.region == locality.region && (place.zone.empty() || place.zone == locality.zone) &&
         (place.sub_zone.empty() || place.sub_zone == locality.sub_zone);
}

}  // namespace resources
