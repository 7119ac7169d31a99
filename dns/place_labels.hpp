// A place in a name: `<place>.{pin|prefer}.{_zone|_region|_cluster}` in front of a host, CoreDNS's
// grammar for zones, and what stands in front of that again.
//
// Every place can be named, whether or not anybody is there: a client that names the zone it runs
// in need not know where a service is. Thread: pure; allocates nothing.
#pragma once

#include <cstdint>
#include <span>

#include "discovery/view/affinity.hpp"

namespace dns {

struct PlaceLabels {
  static constexpr std::size_t kLabels = 3;
  enum class Kind : std::uint8_t {
    none,
    between,  // `_zone`, `pin._zone`: only names below it have records
    place,
  };
  Kind kind = Kind::none;
  discovery::view::Topology topology{};
  discovery::view::Affinity::Strength strength{};
  std::span<const std::uint8_t> place{};  // its label's text
  std::span<const std::uint8_t> front{};  // the labels in front of all that
};

// Of labels in lower-case wire form without the root.
PlaceLabels read_place(std::span<const std::uint8_t> labels);

}  // namespace dns
