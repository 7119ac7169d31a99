#include "resources/retry_timeout_policy.hpp"

#include <limits>

#include "resources/kinds/policy_targets.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/kinds/references.hpp"
#include "resources/kinds/retry_on.hpp"

namespace resources {
namespace {

constexpr auto kTimes =
    Range<base::Duration>{std::chrono::milliseconds(1), std::chrono::hours(24 * 365)};

void read_attempts(const Value& value, std::uint32_t& out) {
  read(value, out, between(0, std::numeric_limits<std::int32_t>::max()));
  if (out <= kMaxRetries) return;
  value.warn(
      "more than " + std::to_string(kMaxRetries) + ": read as " + std::to_string(kMaxRetries),
      "each request that fails would be sent as often");
  out = kMaxRetries;
}

void read(const Value& value, Retries& out) {
  Fields fields(value);
  if (const auto attempts = fields.find("attempts")) read_attempts(*attempts, out.attempts);
  const bool alone = value.node().is_map() && value.node().children.size() == 1;
  fields.optional("perTryTimeout", out.try_timeout, kTimes);
  fields.optional("retryOn", out.on);
  // A try after the first takes the nearest endpoint that was not tried, wherever it is.
  fields.ignored({"retryRemoteLocalities"});
  if (out.attempts == 0 && !alone)
    value.error("attempts: 0 means that nothing is tried again", "leave the other fields out");
}

}  // namespace

void read(const Value& document, RetryTimeoutPolicy& out) {
  Fields fields(document);
  read_envelope(fields, out.metadata);
  const auto value = fields.find("spec");
  if (!value) return fields.missing("spec");

  Fields spec(*value);
  spec.optional("applyToRoutes", out.routes);
  if (out.routes.empty()) out.routes.emplace_back();
  const auto config = spec.find("config");
  if (!config) return spec.missing("config");
  Fields limits(*config);
  const bool timed = limits.optional("requestTimeout", out.request_timeout, kTimes);
  if (const auto retries = limits.find("retries")) read(*retries, out.retries.emplace());
  if (!timed && !out.retries && config->node().is_map())
    config->error("says nothing", "give a requestTimeout, retries, or both");
  if (timed && out.retries && out.retries->try_timeout > out.request_timeout)
    config->warn("retries.perTryTimeout is longer than requestTimeout: it never ends a try");
}

}  // namespace resources
