// What policies say of a destination: how requests are spread over its endpoints, and when one of
// them is left alone. Prepared when the table is made.
//
// Without a policy, or where it says UNSPECIFIED: least request, of two drawn at random. Round
// robin is each worker's own turn, which takes weights evenly, not in runs. A hash leads requests
// with the same text of it to the same endpoint in every agent alike, and when an endpoint goes
// only its own requests move (rendezvous hashing with weights, Thaler and Ravishankar 1998); the
// same hash draws the tier. A request without that text is spread by least request.
//
// Panic: where less than that part of a tier is neither ejected nor avoided, all of it is taken, so
// that the few left are not run down. Thread: immutable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "forwarder/http/message.hpp"
#include "forwarder/outlier.hpp"
#include "resources/load_balancer_policy.hpp"

namespace forwarder {

struct Balancing {
  enum class By : std::uint8_t { least_request, round_robin, random, hash };
  By by = By::least_request;
  resources::HashBy hash;    // where by it
  double panic_percent = 0;  // 0 = no panic
};

struct TrafficPolicy {
  std::vector<std::string> policies;  // "LoadBalancerPolicy shop/sticky"
  Balancing balancing;
  std::optional<OutlierRule> outliers;
};

Balancing balancing(const resources::LoadBalancerPolicy& policy);

// None: the request has no such part.
std::optional<std::uint64_t> hash_of(const resources::HashBy& by, const http::RequestHead& head,
                                     const base::IpAddress& client);

// Of an endpoint, the same in every agent.
std::uint64_t endpoint_hash(const base::SocketAddress& address);

}  // namespace forwarder
