// What policies say of a destination: how requests are spread over its endpoints, when one of them
// is left alone, and which connections lead there. Prepared when the table is made.
//
// Without a policy, or where it says UNSPECIFIED: least request, of two drawn at random. Round
// robin is each worker's own turn, which takes weights evenly, not in runs; the turns of who is
// ejected are spread as least requests. A hash leads requests with the same text of it to the same
// endpoint in every agent alike, and when an endpoint goes only its own requests move (rendezvous
// hashing with weights, Thaler and Ravishankar 1998); the same hash draws the tier. A request
// without that text is spread by least request; where the policy gives a cookie to who has none, by
// the cookie that it will have.
//
// Panic: where less than that part of a tier is neither ejected nor avoided, and the other tiers
// cannot take its traffic either, all of it is taken, so that the few left are not run down.
// Thread: immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "forwarder/http/message.hpp"
#include "forwarder/outlier.hpp"
#include "resources/connection_policy.hpp"
#include "resources/load_balancer_policy.hpp"

namespace forwarder {

struct Balancing {
  enum class By : std::uint8_t { least_request, round_robin, random, hash };
  By by = By::least_request;
  resources::HashBy hash;    // where by it
  double panic_percent = 0;  // 0 = no panic
  base::Duration warm_up{};  // zero = none; of least request and round robin (warm_up.hpp)
};

// Zero where it says nothing: the forwarder's own (net/limits.hpp), or any number.
struct ConnectionRule {
  base::Duration connect{}, idle{};
  std::optional<resources::TcpKeepalive> keepalive;
  std::uint32_t requests_each = 0;  // that a connection serves
  // Requests under way at once, over all workers. Over HTTP/1.1 each has a connection to itself, so
  // maxConnections and maxRequests bound the same thing.
  std::uint32_t requests = 0;
  std::optional<std::uint32_t> retries;  // by policies, under way at once at a worker
};

struct TrafficPolicy {
  std::vector<std::string> policies;  // "LoadBalancerPolicy shop/sticky"
  Balancing balancing;
  std::optional<OutlierRule> outliers;
  ConnectionRule connections;
};

Balancing balancing(const resources::LoadBalancerPolicy& policy);
ConnectionRule connection_rule(const resources::ConnectionPolicy& policy);

// None: the request has no such part.
std::optional<std::uint64_t> hash_of(const resources::HashBy& by, const http::RequestHead& head,
                                     const base::IpAddress& client);

// The value of a Set-Cookie field that leads a client's next requests where `value` leads: RFC 6265
// §4.1; out of reach of scripts, as Envoy's is.
std::string set_cookie(const resources::HashBy& by, std::string_view value);
std::uint64_t hash_of_cookie(std::string_view value);

// Of an endpoint, the same in every agent.
std::uint64_t endpoint_hash(const base::SocketAddress& address);

}  // namespace forwarder
