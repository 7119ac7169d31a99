// What is outside the mesh and has a name in it: Gloo's ExternalService and ExternalEndpoint
// (networking.gloo.solo.io/v2; gloo.md §19). external_aliases.hpp says how it is served.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/locality.hpp"
#include "resources/object.hpp"
#include "resources/service.hpp"

namespace resources {

// The protocol of a port to whose endpoints Gloo would speak TLS (clientsideTls).
inline constexpr std::string_view kTlsProtocol = "TLS";

struct ExternalServicePort {
  std::uint16_t number = 0;
  std::string name;               // "" = not said
  std::string protocol = "HTTP";  // upper case; or kTlsProtocol
  PortSelector target_port;       // the endpoints'; unset = of the same name, or the same number
  Place place;
};

struct ExternalService {
  Metadata metadata;
  std::vector<std::string> hosts;  // lower case, no trailing dot; "*.example.com"
  std::vector<Place> host_places;  // beside hosts
  std::vector<base::IpAddress> addresses;
  base::Labels
      selector;  // of ExternalEndpoints; empty = none: its addresses, or those of its hosts
  std::vector<ExternalServicePort> ports;
};

struct ExternalEndpoint {
  Metadata metadata;
  base::IpAddress ip;  // unspecified where it has a name
  std::string name;    // whose addresses are its own
  std::vector<SlicePort> ports;
  base::Locality locality;
};

}  // namespace resources
