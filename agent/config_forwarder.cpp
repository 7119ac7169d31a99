#include "agent/config_forwarder.hpp"

#include <filesystem>
#include <string_view>

#include "agent/config_values.hpp"

namespace agent {
namespace {

using forwarder::net::Limits;
using forwarder::net::Timeouts;
using resources::Fields;
using resources::Value;

constexpr base::Duration kShortest = std::chrono::milliseconds(10);
constexpr base::Duration kLongest = std::chrono::hours(24);

struct TimeoutField {
  std::string_view name;
  base::Duration Timeouts::*field;
};
constexpr TimeoutField kTimeouts[] = {
    {"header", &Timeouts::header},
    {"idle", &Timeouts::idle},
    {"bodyIdle", &Timeouts::body_idle},
    {"streamIdle", &Timeouts::stream_idle},
    {"tunnelIdle", &Timeouts::tunnel_idle},
    {"connect", &Timeouts::connect},
    {"connecting", &Timeouts::connecting},
    {"responseHead", &Timeouts::response_head},
    {"upstreamIdle", &Timeouts::upstream_idle},
};

// A head has to fit into what a connection reads at once, which the default is.
constexpr auto kMaxHead = static_cast<std::int64_t>(forwarder::http::Limits{}.head);
constexpr std::int64_t kMaxHeaders = 1024, kMaxConnections = 1'000'000;

resources::Range<std::int64_t> from(std::int64_t least, std::int64_t most) {
  return resources::between(least, most);
}

void read_limits(const Value& value, Limits& out) {
  Fields fields(value);
  fields.optional("headBytes", out.head.head, from(1024, kMaxHead));
  const auto target = fields.find("targetBytes");
  if (target) resources::read(*target, out.head.target, from(256, kMaxHead));
  if (target && out.head.target > out.head.head)
    target->error("more than headBytes, of which it is a part",
                  "at most " + std::to_string(out.head.head));
  fields.optional("headers", out.head.headers, from(16, kMaxHeaders));
  fields.optional("bodyBytes", out.body);
  fields.optional("connections", out.connections, from(1, kMaxConnections));
}

void read_timeouts(const Value& value, Timeouts& out) {
  Fields fields(value);
  for (const auto& [name, field] : kTimeouts)
    fields.optional(name, out.*field, resources::between(kShortest, kLongest));
  fields.optional("fresh", out.fresh, resources::between(base::Duration::zero(), kLongest));
}

using forwarder::net::AccessFormat;
using forwarder::net::AccessLog;

constexpr resources::Choice<AccessFormat> kAccessFormats[] = {{"text", AccessFormat::text},
                                                              {"json", AccessFormat::json}};

void read_log_path(const Value& value, const std::string& folder, AccessLog::Config& out) {
  resources::read(value, out.path);
  if (out.path.empty()) value.error("no path", "a file, or `-` for standard output");
  if (out.path.empty() || out.path == AccessLog::kStandardOutput) return;
  out.path = below(folder, out.path);
  const auto parent = std::filesystem::path(out.path).parent_path();
  std::error_code unknown;
  if (!std::filesystem::is_directory(parent, unknown))
    value.error("there is no folder " + parent.string(), "make it, or name a file in another");
  else if (std::filesystem::is_directory(out.path, unknown))
    value.error(out.path + " is a folder", "name a file in it");
}

void read_access_log(const Value& value, const std::string& folder, AccessLog::Config& out) {
  if (value.node().is_scalar()) return read_log_path(value, folder, out);
  Fields fields(value);
  if (const auto path = fields.find("path"))
    read_log_path(*path, folder, out);
  else
    fields.missing("path");
  fields.optional("format", out.format, kAccessFormats);
}

}  // namespace

void read_forwarder(const Value& value, const std::string& folder, ForwarderConfig& out) {
  if (value.node().is_scalar()) {
    bool on = true;
    resources::read(value, on);
    if (!on) out.listen.clear();
    return;
  }
  Fields fields(value);
  if (const auto listen = fields.find("listen")) {
    read_one_or_more(*listen, out.listen, kWithoutPort);
    if (out.listen.empty())
      listen->error("no address", "write `forwarder: false` to switch it off");
  }
  fields.optional("workers", out.workers, resources::between(0, kMaxWorkers));
  if (const auto limits = fields.find("limits")) read_limits(*limits, out.limits);
  if (const auto timeouts = fields.find("timeouts")) read_timeouts(*timeouts, out.timeouts);
  if (const auto log = fields.find("accessLog"))
    read_access_log(*log, folder, out.access_log.emplace());
}

std::string written(const Limits& limits) {
  const bool bounded = limits.body != Limits{}.body;
  return "{headBytes: " + std::to_string(limits.head.head) +
         ", targetBytes: " + std::to_string(limits.head.target) +
         ", headers: " + std::to_string(limits.head.headers) +
         (bounded ? ", bodyBytes: " + std::to_string(limits.body) : "") +
         ", connections: " + std::to_string(limits.connections) + "}";
}

std::string written(const Timeouts& timeouts) {
  std::string out;
  for (const auto& [name, field] : kTimeouts)
    out += (out.empty() ? "{" : ", ") + std::string(name) + ": " + written(timeouts.*field);
  return out + "}";
}

std::string written(const AccessLog::Config& log) {
  return "{path: " + resources::quoted(log.path) +
         ", format: " + (log.format == AccessFormat::json ? "json" : "text") + "}";
}

}  // namespace agent
