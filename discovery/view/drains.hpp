// What a cluster takes out of service on purpose (`nearmost drain`), and how much of it is left.
//
// What is left falls from all to nothing while a drain lasts, so that callers move away little by
// little: between the endpoints of a tier by weight, and from a tier as a whole once each of its
// endpoints is drained (select.hpp). Thread: values.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "discovery/view/endpoint.hpp"

namespace discovery::view {

inline constexpr std::uint16_t kAllLeft = 1000;  // thousandths

// The whole cluster, a service in it, or what serves at an address, in whichever services.
struct DrainTarget {
  enum class Kind : std::uint8_t { cluster, service, endpoint };
  Kind kind = Kind::cluster;
  std::string namespace_, name;  // of a service
  base::IpAddress ip{};          // of endpoints …
  std::uint16_t port = 0;        // … with this port among theirs; 0 = whichever they have
  friend auto operator<=>(const DrainTarget&, const DrainTarget&) = default;

  bool is_of(const Service& service) const;    // false for endpoints
  bool is_of(const Endpoint& endpoint) const;  // false for services and the cluster
  // "cluster", "service bookinfo/ratings", "endpoint 10.0.0.1:8080"
  std::string to_string() const;
};

struct Drain {
  DrainTarget target;
  std::uint16_t left = 0;  // of each one's weight, in thousandths
  friend bool operator==(const Drain&, const Drain&) = default;
};
using Drains = std::vector<Drain>;

// The least that any drain leaves of it.
std::uint16_t left_of(const Service& service, const Drains& drains);
std::uint16_t left_of(const Endpoint& endpoint, const Drains& drains);

// What several of a cluster's agents drain, together: of what two drain, the least is left.
void merge(Drains& drains, const Drains& more);

}  // namespace discovery::view
