// What an agent knows of one address that serves something, and of the service and cluster that it
// belongs to.
//
// Immutable once in a View. Ports are the endpoint's own; mapping from a destination's port is in
// destination.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/labels.hpp"
#include "base/locality.hpp"
#include "base/time.hpp"
#include "resources/service.hpp"

namespace discovery::view {

// What the endpoint's origin says of it.
enum class Health : std::uint8_t { healthy, unhealthy, draining };

// What we know of the origin itself (DESIGN §4): fresh, or silent with endpoints that answer
// (stale), or silent with endpoints that do not (demoted), or silent for long (dead).
enum class Freshness : std::uint8_t { fresh, stale, demoted, dead };

std::string_view to_string(Health health);
std::string_view to_string(Freshness freshness);

struct EndpointPort {
  std::string name;
  std::uint16_t number = 0;
  friend bool operator==(const EndpointPort&, const EndpointPort&) = default;
};

// What many endpoints have in common: of those that are alike in it one origin's share an object.
struct Traits {
  std::string cluster;
  std::string hostname;  // "pod-0"; "" = none
  std::vector<EndpointPort> ports;
  base::Locality locality;
  std::string network;  // "" = reachable from everywhere
  base::Labels labels;
  // Its target has an IPv4 address too, which is an endpoint of its own: who counts targets counts
  // that one.
  bool second_address = false;
};

// There are a million of them: 40 bytes each.
struct Endpoint {
  base::IpAddress ip;
  Health health = Health::healthy;
  bool path_failed = false;  // this agent could not reach it while its cluster was silent
  std::uint32_t weight = 1;
  std::shared_ptr<const Traits> traits;  // never null
};

struct RefusedEndpoint {
  Endpoint endpoint;
  std::string why;
};

struct ServicePort {
  std::string name;
  std::uint16_t number = 0;
  std::string target_name;          // "" = by number
  std::uint16_t target_number = 0;  // 0 = as number
  std::string app_protocol;
  friend bool operator==(const ServicePort&, const ServicePort&) = default;
};

struct Service {
  std::string cluster, namespace_, name;
  base::Labels labels;
  std::vector<ServicePort> ports;
  bool headless = false;
  bool home_only = false;                               // nobody else is told of it
  std::optional<resources::ExternalIdentity> external;  // of the ExternalService that it serves
  std::vector<Endpoint> endpoints;
  std::vector<RefusedEndpoint> refused;  // that its cluster names and this agent does not take
};

struct Cluster {
  std::string name;
  base::Locality locality;
  Freshness freshness = Freshness::fresh;
  // Since the newest word of it, as of the view's making; nothing where only the disk tells of it.
  std::optional<base::Duration> age;
  std::uint64_t undecodable = 0;  // its rows that made no sense and were skipped
  std::string quarantine;         // why nothing newer of it is taken; "" = it is
};

}  // namespace discovery::view
