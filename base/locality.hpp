// Where something runs: region / zone / sub-zone, the words of Kubernetes' topology labels and of Envoy.
#pragma once

#include <compare>
#include <string>

namespace base {

struct Locality {
  std::string region, zone, sub_zone;  // "" = not known

  bool empty() const { return region.empty() && zone.empty() && sub_zone.empty(); }
  // "us-east/us-east-1a"; trailing unknown parts are left out.
  std::string to_string() const;
  friend auto operator<=>(const Locality&, const Locality&) = default;
  friend bool operator==(const Locality&, const Locality&) = default;
};

}  // namespace base
