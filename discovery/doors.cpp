#include "discovery/doors.hpp"

#include <algorithm>
#include <string>

namespace discovery {
namespace {

using view::Destination;
using view::DestinationPort;
using view::Door;

// What documents say that `port` is at the endpoints of `service`; 0 where they say nothing: a
// target port that has only a name is known by the endpoints alone.
std::uint16_t declared_target(const DestinationPort& port, const view::Service& service) {
  const auto* declared = view::declared_port(port, service);
  if (!declared) return service.ports.empty() ? port.target_number : 0;
  if (!declared->target_name.empty()) return 0;
  return declared->target_number ? declared->target_number : declared->number;
}

// Declared ports come first, so that a service without endpoints for the moment keeps its door.
bool needs_mapping(const Destination& destination, const DestinationPort& port) {
  const auto is_other = [&](std::uint16_t target) { return target && target != port.number; };
  if (destination.services.empty()) return is_other(port.target_number);
  view::TargetPorts targets(port);
  for (const auto& service : destination.services) {
    if (is_other(declared_target(port, *service))) return true;
    for (const auto& endpoint : service->endpoints)
      if (is_other(targets.of(*service, endpoint).value_or(0))) return true;
  }
  return false;
}

// A host without ports may be served on those that routes name.
bool may_be_forwarded(const Destination& destination) {
  return destination.ports.empty() || std::ranges::any_of(destination.ports, [](const auto& port) {
           return view::is_http1(port.protocol);
         });
}

}  // namespace

Door decide_door(const Destination& destination, const AssemblyRules& rules) {
  const auto& forwarders = rules.forwarders;
  if (!destination.has_host())
    return {Door::Kind::endpoints, "it has no host: only routes lead to it", {}};
  if (destination.headless)
    return {Door::Kind::endpoints, "headless: the endpoints themselves", {}};
  if (forwarders.empty()) return {Door::Kind::endpoints, "the forwarder is switched off", {}};
  const auto routed = rules.routed_hosts.find(destination.host);
  if (routed != rules.routed_hosts.end()) {
    if (may_be_forwarded(destination))
      return {Door::Kind::forwarder, routed->second + " names the host", forwarders};
    return {Door::Kind::endpoints,
            routed->second +
                " names the host, but none of its ports is HTTP/1.1, which is all that "
                "the forwarder speaks",
            {}};
  }
  for (const auto& port : destination.ports)
    if (view::is_http1(port.protocol) && needs_mapping(destination, port))
      return {Door::Kind::forwarder,
              "port " + std::to_string(port.number) + " is another port at its endpoints",
              forwarders};
  return {Door::Kind::endpoints,
          "no route table names the host and every port is the endpoints' own",
          {}};
}

void name_dead_ports(Destination& destination) {
  if (!destination.has_host()) return;
  const bool behind_forwarder = destination.door.kind == Door::Kind::forwarder;
  for (const auto& port : destination.ports) {
    const bool http = view::is_http1(port.protocol);
    const auto which = "port " + std::to_string(port.number) + " (" + port.protocol + ") ";
    if (behind_forwarder && !http)
      destination.dead_ports.push_back(
          {port.number, which + "is behind the forwarder, which speaks HTTP/1.1 only (" +
                            destination.door.why + "): give it a host of its own"});
    else if (!behind_forwarder && !destination.headless && needs_mapping(destination, port))
      destination.dead_ports.push_back(
          {port.number,
           which + "is another port at its endpoints, " +
               (http ? "and the forwarder is switched off: switch it on, or "
                     : "which only the forwarder could map, and that speaks HTTP/1.1 only: ") +
               "serve it on the same port everywhere"});
  }
}

}  // namespace discovery
