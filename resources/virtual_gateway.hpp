// Which ports this agent's forwarder opens to callers from outside the mesh, and for which tables:
// Gloo's VirtualGateway (networking.gloo.solo.io/v2; gloo.md §18), as far as its HTTP listeners
// without TLS. What it means is forwarder/gateways.hpp's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "resources/object.hpp"

namespace resources {

struct AllowedRouteTables {
  std::string namespace_;                  // of the tables; "" = any
  std::string host;                        // that they may serve: "shop.example", "*.example", "*"
  std::optional<ObjectSelector> selector;  // of the tables; absent = every one
};

struct GatewayListener {
  enum class Kind : std::uint8_t { http, https_redirect, unsupported };
  Kind kind = Kind::unsupported;
  std::uint16_t port = 0;                                  // 0 = none that can be opened
  std::optional<std::vector<AllowedRouteTables>> allowed;  // absent = every table
};

struct VirtualGateway {
  Metadata metadata;
  std::vector<GatewayListener> listeners;
};

}  // namespace resources
