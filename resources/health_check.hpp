// How it is found out whether an endpoint of the short form serves (`check`).
#pragma once

#include <cstdint>
#include <string>

#include "base/time.hpp"
#include "resources/object.hpp"

namespace resources {

// tcp: a connection opens; http: a GET is answered with 200 to 399, as Kubernetes' probes are;
// grpc: grpc.health.v1.Health/Check says SERVING.
struct HealthCheck {
  enum class Kind : std::uint8_t { tcp, http, grpc };
  Kind kind = Kind::tcp;
  std::string path;     // of http
  std::string host;     // of http; "" = the endpoint's address
  std::string service;  // of grpc; "" = the server as a whole
  PortSelector port;    // unset: any of its ports for tcp, else the first
  base::Duration every = std::chrono::seconds(1);
  base::Duration patience = std::chrono::seconds(1);  // for one answer
  std::uint32_t fall = 2, rise = 2;                   // answers in a row that change its state
  friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

}  // namespace resources
