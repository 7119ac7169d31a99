// A place that a caller asks for by name: only the endpoints there, or these before all others.
//
// Narrows or reorders what a destination has for the caller; it adds nothing. Names of places are
// compared without case, as a DNS query carries them. Thread: values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "discovery/view/endpoint.hpp"

namespace discovery::view {

enum class Topology : std::uint8_t { zone, region, cluster };
inline constexpr Topology kTopologies[] = {Topology::zone, Topology::region, Topology::cluster};
std::string_view to_string(Topology topology);

struct Affinity {
  enum class Strength : std::uint8_t { pin, prefer };
  Topology topology = Topology::zone;
  Strength strength = Strength::pin;
  std::string place{};  // "" = nowhere
};

// The zone, region or cluster that such endpoints are in; "" = not known.
std::string_view place_of(const Traits& traits, Topology topology);
bool is_there(const Traits& traits, const Affinity& affinity);

}  // namespace discovery::view
