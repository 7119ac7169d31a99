#include "resources/connection_policy.hpp"

#include <limits>

#include "resources/kinds/policy_targets.hpp"
#include "resources/kinds/readers.hpp"

namespace resources {
namespace {

using std::chrono::seconds;

constexpr auto kTimes =
    Range<base::Duration>{std::chrono::milliseconds(1), std::chrono::hours(24 * 365)};
// Linux takes no more (include/net/tcp.h: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT).
constexpr auto kKeepaliveTimes = Range<base::Duration>{seconds(1), seconds(32'767)};
constexpr auto kProbes = Range<std::int64_t>{1, 127};
constexpr auto kCounts = Range<std::int64_t>{0, std::numeric_limits<std::uint32_t>::max()};

void read_seconds(Fields& fields, std::string_view name, std::optional<base::Duration>& out) {
  const auto value = fields.find(name);
  if (!value) return;
  read(*value, out, kKeepaliveTimes);
  if (!out || *out % seconds(1) == base::Duration::zero()) return;
  out = std::chrono::ceil<seconds>(*out);
  value->warn("TCP counts whole seconds: read as " +
              std::to_string(std::chrono::duration_cast<seconds>(*out).count()) + "s");
}

void read_keepalive(const Value& value, TcpKeepalive& out) {
  Fields fields(value);
  fields.optional("probes", out.probes, kProbes);
  read_seconds(fields, "time", out.time);
  read_seconds(fields, "interval", out.interval);
}

void read_tcp(const Value& value, ConnectionPolicy& out) {
  Fields fields(value);
  fields.optional("connectTimeout", out.connect_timeout, kTimes);
  fields.optional("maxConnections", out.max_connections, between(1, kCounts.max));
  if (const auto keepalive = fields.find("tcpKeepalive"))
    read_keepalive(*keepalive, out.keepalive.emplace());
}

void read_http(const Value& value, ConnectionPolicy& out) {
  Fields fields(value);
  fields.optional("idleTimeout", out.idle_timeout, kTimes);
  fields.optional("maxRequests", out.max_requests, between(1, kCounts.max));
  fields.optional("maxRetries", out.max_retries, kCounts);
  fields.optional("maxRequestsPerConnection", out.max_requests_per_connection, kCounts);
  std::uint32_t waiting = 0;
  if (const auto pending = fields.find("maxPendingRequests")) {
    read(*pending, waiting, kCounts);
    pending->warn("has no effect: no request waits for a connection",
                  "what is above maxConnections or maxRequests is answered 503 at once");
  }
}

}  // namespace

void read(const Value& document, ConnectionPolicy& out) {
  read_destination_policy(document, out, [&](Fields& config) {
    if (const auto tcp = config.find("tcp")) read_tcp(*tcp, out);
    if (const auto http = config.find("http")) read_http(*http, out);
  });
}

}  // namespace resources
