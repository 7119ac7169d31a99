// A name that can be asked for, resolved to the services behind it: a VirtualDestination's host, or
// `<service>.<namespace>.<zone>` for an exported service.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/view/endpoint.hpp"
#include "resources/failover_policy.hpp"
#include "resources/virtual_destination.hpp"

namespace discovery::view {

struct DestinationPort {
  std::uint16_t number = 0;
  std::string name;                 // for SRV: "_http._tcp"; "" = by protocol
  std::string protocol;             // "HTTP", "GRPC", "TCP" …; "" = HTTP
  std::string target_name;          // the services' port, by name …
  std::uint16_t target_number = 0;  // … or by number; neither = the same number
  friend bool operator==(const DestinationPort&, const DestinationPort&) = default;
};

// One that the door does not serve.
struct DeadPort {
  std::uint16_t number = 0;
  std::string why;  // with a remedy
  friend bool operator==(const DeadPort&, const DeadPort&) = default;
};

// Where a name leads: to the endpoints themselves, or to the forwarder. Decided by documents alone
// (DESIGN §5, assemble.hpp), so it never flips with health.
struct Door {
  enum class Kind : std::uint8_t { endpoints, forwarder };
  Kind kind = Kind::endpoints;
  std::string why;  // for explain: "RouteTable bookinfo/reviews names the host"
  std::vector<base::IpAddress> addresses;  // the forwarder's, when it is the door
};

struct Destination {
  enum class Kind : std::uint8_t { virtual_destination, service };
  Kind kind = Kind::service;
  std::string host;        // lower case, no trailing dot; or call_without_host()
  std::string defined_by;  // "VirtualDestination east/bookinfo/reviews"
  std::string namespace_, name,
      cluster;  // of the defining object; cluster: the origin that exports it
  base::Labels labels;
  std::vector<DestinationPort> ports;
  std::vector<std::shared_ptr<const Service>>
      services;  // across clusters; a virtual destination: one of each, and external ones
  bool headless = false;
  bool home_only = false;                                     // nobody else is told of it
  std::vector<std::string> prefer;                            // empty = the default ladder
  std::shared_ptr<const resources::FailoverPolicy> failover;  // null: none is for it here
  Door door;
  std::vector<std::string> conflicts;  // other objects that claim the host, and who won
  std::vector<DeadPort> dead_ports;

  const DestinationPort* find_port(std::uint16_t number) const;
  // False: nobody can ask for it, only routes lead to it.
  bool has_host() const { return host.find(' ') == std::string::npos; }
};

// What stands for the host of a VirtualDestination or an ExternalService that has none: no host can
// look like it.
std::string call_without_host(const resources::VirtualDestination& definition);

// What the forwarder speaks: HTTP and "". Ports of other protocols never lead to it.
bool is_http1(std::string_view protocol);
// HTTP2 and GRPC: what it does not speak yet.
bool is_http2(std::string_view protocol);

// The service's port that `port` leads to; null when it declares none such.
const ServicePort* declared_port(const DestinationPort& port, const Service& service);

// The port of such endpoints that traffic for `port` goes to; nothing when they do not serve it.
std::optional<std::uint16_t> target_port(const DestinationPort& port, const Service& service,
                                         const Traits& endpoints);

// The same for one endpoint after the other: most are like the one before.
class TargetPorts {
 public:
  explicit TargetPorts(const DestinationPort& port) : port_(port) {}
  std::optional<std::uint16_t> of(const Service& service, const Endpoint& endpoint) {
    if (endpoint.traits.get() != traits_ || &service != service_) {
      service_ = &service;
      traits_ = endpoint.traits.get();
      last_ = target_port(port_, service, *traits_);
    }
    return last_;
  }

 private:
  const DestinationPort& port_;
  const Service* service_ = nullptr;
  const Traits* traits_ = nullptr;
  std::optional<std::uint16_t> last_;
};

}  // namespace discovery::view
