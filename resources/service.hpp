// Where endpoints come from: Kubernetes' Service and EndpointSlice (v1), and the short form for
// machines without Kubernetes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/locality.hpp"
#include "base/shared_text.hpp"
#include "resources/health_check.hpp"
#include "resources/object.hpp"

namespace resources {

struct ServicePort {
  std::string name;  // "" when it is the only one
  std::uint16_t number = 0;
  PortSelector target_port;  // unset = number
  std::string app_protocol;  // "" = not said
};

struct Service {
  Metadata metadata;
  std::vector<ServicePort> ports;
  base::Labels selector;
  bool headless = false;  // clusterIP: None
  bool publish_not_ready = false;
  std::string external_name;  // type: ExternalName, lower case: its addresses are its endpoints
};

struct SlicePort {
  std::string name;
  std::uint16_t number = 0;
  std::string app_protocol;
};

// A Pod, by numbers of "namespace/name" and of its uid: there are as many as endpoints.
struct PodRef {
  std::uint64_t name = 0;  // 0 = none
  std::uint64_t uid = 0;   // 0 = not said: whoever has the name
  static PodRef of(std::string_view namespace_, std::string_view name, std::string_view uid);
  bool means(const PodRef& pod) const { return name == pod.name && (uid == 0 || uid == pod.uid); }
  friend bool operator==(const PodRef&, const PodRef&) = default;
};

// The number of a Node's name; 0 = none.
std::uint64_t node_number(std::string_view name);

// There are 200,000 of them in a large cluster: 80 bytes each.
struct SliceEndpoint {
  // The first one: all name the same target (EndpointSlice v1). None: it has none.
  std::optional<base::IpAddress> address;
  bool ready = true, serving = true,
       terminating = false;  // absent conditions are true, true, false
  std::uint64_t node = 0;    // node_number()
  PodRef pod = {};           // its target, where that is one
  base::SharedText hostname, zone;
};

struct EndpointSlice {
  Metadata metadata;
  std::string service;  // label kubernetes.io/service-name
  std::vector<SlicePort> ports;
  std::vector<SliceEndpoint> endpoints;
};

// The short form. One document says all of a service:
//
//   service: ratings
//   namespace: bookinfo          # default: "default"
//   labels: {app: ratings}
//   ports: {http: 9080}          # or  port: 9080
//   check: {http: /healthz}      # default: true, an endpoint that does not answer is unhealthy
//   locality: {zone: us-east-1a} # default for its endpoints; region defaults to the agent's
//   endpoints:
//   - 10.0.0.5                   # an address …
//   - 10.0.0.6:9081              # … with a port of its own (only where the service has one port) …
//   - db.example.com            # … or a name, whose addresses are looked up as long as they last
//   - {address: 10.0.0.7, zone: us-east-1b, weight: 2, labels: {version: v2}, hostname: ratings-2,
//   ready: false}
struct StaticEndpoint {
  base::IpAddress ip;      // unspecified where it has a name
  std::string name;        // lower case: each of its addresses is an endpoint; "" = it has `ip`
  std::uint16_t port = 0;  // 0 = the service's ports …
  std::vector<SlicePort> ports;  // … or these, where there are some
  base::Locality locality;
  std::string network;
  std::string hostname;
  base::Labels labels;
  std::uint32_t weight = 1;
  bool ready = true;
  Place place;
};

// What selectors of external services look at, of a service that serves one.
struct ExternalIdentity {
  std::string name;
  base::Labels labels;
};

struct StaticService {
  Metadata metadata;
  std::vector<ServicePort> ports;
  bool headless = false;
  std::optional<bool> checked;  // whether its endpoints answer; absent: as agent.yaml says
  HealthCheck check;            // and how
  std::vector<StaticEndpoint> endpoints;
  std::optional<ExternalIdentity> external;  // external_aliases.hpp
};

}  // namespace resources
