// What a forwarder allows: how many, how much, how long. Each has the default that is shipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/time.hpp"
#include "forwarder/http/parser.hpp"

namespace forwarder::net {

using namespace std::chrono_literals;

struct Timeouts {
  base::Duration header = 10s;        // from a request's first byte to the end of its head: 408
  base::Duration idle = 60s;          // of a client's connection between requests
  base::Duration body_idle = 60s;     // without a byte of a request's body: 408; of any being taken
  base::Duration stream_idle = 300s;  // of an answer under way, without a byte either way: a cut
  base::Duration connect = 1s;        // of one attempt
  base::Duration knock = 1s;          // between two at an endpoint that takes no connection
  base::Duration connecting = 10s;    // of attempts in a row that do not connect: 503
  base::Duration response_head = 60s;  // from the request's last byte: 504
  base::Duration upstream_idle =
      50s;  // of a pooled connection; learned lower where upstreams close earlier
  base::Duration fresh =
      1s;  // since its last answer, for a connection to take a POST; zero: none does
  base::Duration linger = 2s;         // a closed client may still read what was sent
  base::Duration tunnel_idle = 600s;  // without a byte either way
  friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

struct Limits {
  http::Limits head;
  // Bytes of a request's body as they come, chunk framing included: 413. None, for bodies are
  // passed on and not held.
  std::uint64_t body = std::numeric_limits<std::uint64_t>::max();
  std::size_t connections = 10'000;        // of clients, each worker; see Gate for what is above
  std::size_t replay = 64 * 1024;          // bytes of a request kept to be sent again
  std::size_t hops = 32;                   // addresses in X-Forwarded-For; more are a loop: 508
  std::size_t attempts = 16;               // endpoints tried for one request
  std::size_t replays = 3;                 // of them after bytes were sent
  std::size_t interims = 32;               // 1xx heads before an answer: 502
  std::size_t idle_per_endpoint = 32;      // pooled connections, each worker
  std::size_t idle_upstream = 1024;        // the same over all endpoints
  std::size_t linger_bytes = 1024 * 1024;  // of an unwanted body, read and thrown away
  friend bool operator==(const Limits&, const Limits&) = default;
};

}  // namespace forwarder::net
