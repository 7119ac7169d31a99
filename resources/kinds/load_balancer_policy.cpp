#include "resources/load_balancer_policy.hpp"

#include "resources/kinds/names.hpp"
#include "resources/kinds/policy_targets.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/utf8.hpp"

namespace resources {
namespace {

using Simple = LoadBalancerPolicy::Simple;
using Part = HashBy::Part;

// PASSTHROUGH sends a connection where its client meant it to go, which a forwarder never sees.
constexpr std::string_view kPassThrough = "PASSTHROUGH";
constexpr int kPassThroughNumber = 2;
constexpr Choice<Simple> kSimple[] = {
    {"ROUND_ROBIN", Simple::round_robin, 3},
    {"LEAST_REQUEST", Simple::least_request, 4},
    {"RANDOM", Simple::random, 1},
    {"UNSPECIFIED", Simple::least_request, 0},
    {kPassThrough, Simple::least_request, kPassThroughNumber},
};

constexpr base::Duration kMostWarmUp = std::chrono::hours(24);
constexpr base::Duration kMostTtl = std::chrono::hours(400 * 24);  // browsers' own limit

void read_simple(const Value& value, Simple& out) {
  read(value, out, kSimple);
  if (is_choice(value.node(), kPassThrough, kPassThroughNumber))
    value.warn("PASSTHROUGH is not supported: read as LEAST_REQUEST",
               "the forwarder chooses among endpoints; it never sees which one a client meant");
}

void read_name(const Value& value, HashBy::Part part, HashBy& out) {
  out.part = part;
  read(value, out.name);
  if (!value.node().is_scalar()) return;
  if (out.name.empty()) return value.error("is empty", "give a name");
  if (part != Part::query_parameter && !is_token(out.name))
    value.error(quoted(out.name) + " is no " + (part == Part::cookie ? "cookie" : "header") +
                "'s name");
}

void read_cookie(const Value& value, HashBy& out) {
  Fields fields(value);
  out.part = Part::cookie;
  if (const auto name = fields.find("name"))
    read_name(*name, Part::cookie, out);
  else
    fields.missing("name");
  if (const auto ttl = fields.find("ttl"))
    read(*ttl, out.ttl.emplace(), between(base::Duration::zero(), kMostTtl));
  const auto path = fields.find("path");
  if (!path) return;
  read(*path, out.path);
  // RFC 6265 §4.1.1: path-value.
  if (out.path.find(';') != out.path.npos || !is_plain_text(out.path))
    path->error(quoted(out.path) + " is no cookie's path", "write one such as /shop");
}

void read(const Value& value, HashBy& out) {
  Fields fields(value);
  const auto given =
      fields.one_of({"httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"});
  if (given.empty() && value.node().is_map())
    value.error("says nothing to hash",
                "give one of httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName");
  if (const auto name = fields.find("httpHeaderName")) read_name(*name, Part::header, out);
  if (const auto cookie = fields.find("httpCookie")) read_cookie(*cookie, out);
  if (const auto name = fields.find("httpQueryParameterName"))
    read_name(*name, Part::query_parameter, out);
  bool by_source = true;
  if (const auto source = fields.find("useSourceIp")) {
    read(*source, by_source);
    if (!by_source) source->error("is false, and nothing else is given to hash", "write true");
  }
}

void read_panic_threshold(const Value& value, double& out) {
  read(value, out);
  if (!(out >= 0 && out <= 100)) value.error("not from 0 to 100");
}

}  // namespace

void read(const Value& document, LoadBalancerPolicy& out) {
  read_destination_policy(document, out, [&](Fields& config) {
    const auto given = config.one_of({"simple", "consistentHash"});
    if (given.empty() && config.map().node().is_map())
      config.map().error("says neither simple nor consistentHash", "write simple: LEAST_REQUEST");
    if (const auto simple = config.find("simple")) read_simple(*simple, out.simple);
    if (const auto hash = config.find("consistentHash")) read(*hash, out.hash.emplace());
    if (const auto threshold = config.find("healthyPanicThreshold"))
      read_panic_threshold(*threshold, out.panic_threshold_percent);
    if (const auto warm_up = config.find("warmupDurationSecs")) {
      read(*warm_up, out.warm_up, between(base::Duration::zero(), kMostWarmUp));
      if (out.hash || out.simple == Simple::random)
        warm_up->warn("no effect with RANDOM and consistentHash: as in Gloo",
                      "ROUND_ROBIN and LEAST_REQUEST heed it");
    }
    config.ignored({"updateMergeWindow"});  // of Envoy's main thread; there is none here
  });
}

}  // namespace resources
