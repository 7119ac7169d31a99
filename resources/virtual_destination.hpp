// A hostname that many clusters serve together: Gloo's VirtualDestination
// (networking.gloo.solo.io/v2; gloo.md §3), and our own `spec.prefer`, which orders where endpoints
// are taken from.
#pragma once

#include <string>
#include <vector>

#include "resources/object.hpp"

namespace resources {

struct VirtualDestinationPort {
  std::uint16_t number = 0;
  std::string protocol = "HTTP";  // upper case: HTTP HTTPS GRPC HTTP2 TCP TLS MONGO
  PortSelector target_port;       // unset = the service's port of the same number
};

struct VirtualDestination {
  Metadata metadata;
  std::vector<std::string> hosts;  // lower case, no trailing dot, no wildcard
  std::vector<Place> host_places;  // beside hosts; empty where it came another way than a document
  std::vector<ObjectSelector> services;           // one of a cluster serves it
  std::vector<ObjectSelector> external_services;  // all that are selected do
  std::vector<VirtualDestinationPort> ports;
  // Ours: "zone", "cluster", "region", "cluster:NAME", "any", best first; empty = the default
  // ladder.
  std::vector<std::string> prefer;

  const Place& place_of_host(std::size_t host) const {
    return host < host_places.size() ? host_places[host] : metadata.place;
  }
};

}  // namespace resources
