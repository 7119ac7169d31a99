#include "forwarder/traffic_policy.hpp"

#include <algorithm>
#include <limits>

#include "base/hash.hpp"
#include "forwarder/matcher.hpp"

namespace forwarder {
namespace {

using Part = resources::HashBy::Part;

constexpr auto kAnyNumber = std::numeric_limits<std::uint32_t>::max();

constexpr std::string_view kSpace = " \t";

// RFC 6265 §4.2: name=value pairs behind "; ".
std::optional<std::string_view> cookie_value(std::string_view name, std::string_view cookies) {
  while (!cookies.empty()) {
    const auto end = std::min(cookies.find_first_of(";,"), cookies.size());
    auto pair = cookies.substr(0, end);
    cookies.remove_prefix(std::min(end + 1, cookies.size()));
    pair.remove_prefix(std::min(pair.find_first_not_of(kSpace), pair.size()));
    const auto equals = pair.find('=');
    if (equals != pair.npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
  }
  return std::nullopt;
}

}  // namespace

Balancing balancing(const resources::LoadBalancerPolicy& policy) {
  using Simple = resources::LoadBalancerPolicy::Simple;
  Balancing balancing;
  balancing.panic_percent = policy.panic_threshold_percent;
  if (policy.hash) {
    balancing.by = Balancing::By::hash;
    balancing.hash = *policy.hash;
  } else if (policy.simple != Simple::least_request) {
    balancing.by =
        policy.simple == Simple::random ? Balancing::By::random : Balancing::By::round_robin;
  }
  if (balancing.by == Balancing::By::least_request || balancing.by == Balancing::By::round_robin)
    balancing.warm_up = policy.warm_up;
  return balancing;
}

ConnectionRule connection_rule(const resources::ConnectionPolicy& policy) {
  ConnectionRule rule;
  rule.connect = policy.connect_timeout.value_or(rule.connect);
  rule.idle = policy.idle_timeout.value_or(rule.idle);
  rule.requests_each = policy.max_requests_per_connection;
  rule.requests = std::min(policy.max_connections.value_or(kAnyNumber),
                           policy.max_requests.value_or(kAnyNumber));
  if (rule.requests == kAnyNumber) rule.requests = 0;
  rule.retries = policy.max_retries;
  rule.keepalive = policy.keepalive;
  return rule;
}

std::optional<std::uint64_t> hash_of(const resources::HashBy& by, const http::RequestHead& head,
                                     const base::IpAddress& client) {
  if (by.part == Part::source_address) return base::hash64(client.bytes());
  std::string joined;
  std::optional<std::string_view> text;
  if (by.part == Part::query_parameter) {
    text = query_value(by.name, head.query);
  } else {
    text = header_value(by.part == Part::cookie ? "cookie" : by.name, head, joined);
    if (text && by.part == Part::cookie) text = cookie_value(by.name, *text);
  }
  return text ? std::optional(base::hash64(*text)) : std::nullopt;
}

std::uint64_t hash_of_cookie(std::string_view value) { return base::hash64(value); }

std::string set_cookie(const resources::HashBy& by, std::string_view value) {
  auto text = by.name + '=';
  text += value;
  const auto ttl = by.ttl.value_or(base::Duration::zero());
  if (ttl > base::Duration::zero())
    text += "; Max-Age=" +
            std::to_string(std::chrono::duration_cast<std::chrono::seconds>(ttl).count());
  if (!by.path.empty()) text += "; Path=" + by.path;
  return text + "; HttpOnly";
}

std::uint64_t endpoint_hash(const base::SocketAddress& address) {
  return base::hash64(address.ip.bytes(), address.port);
}

}  // namespace forwarder
