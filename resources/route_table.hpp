// Which request goes where: Gloo's RouteTable (networking.gloo.solo.io/v2; gloo.md §2) as far as
// http routes go.
//
// Matchers are ANDed inside and ORed across; the first route in order wins; a table without hosts
// is a delegate's child. Weights are checked where they are read: gloo.md §1 "Weights".
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "resources/object.hpp"
#include "resources/virtual_gateway.hpp"

namespace resources {

struct PathMatch {
  // prefix is a raw string prefix; separated_prefix (ours: Envoy's path_separated_prefix) takes
  // itself and what goes on behind a slash, and never ends with one; regex is RE2, full match.
  enum class Kind { exact, prefix, separated_prefix, regex };
  Kind kind = Kind::prefix;
  std::string value = "/";
  bool ignore_case = false;  // of a regex no more than of `below`
  // Of a regex that is delegated to: a separated prefix that must hold, too; "" = none.
  std::string below = "";
};

struct ValueMatch {  // a header or a query parameter
  enum class Kind { present, exact, regex };
  std::string name;  // headers: lower case
  Kind kind = Kind::present;
  std::string value;
  bool invert = false;  // headers only; an inverted value match holds for an absent header too
};

struct HttpMatcher {
  std::optional<PathMatch> path;
  std::vector<ValueMatch> headers;
  std::vector<ValueMatch> query;
  std::string method;      // "" = any
  std::uint16_t port = 0;  // 0 = any
  Place place;
};

struct RegexRewrite {
  std::string pattern, substitution;  // RE2; \1 captures
};

struct ForwardTo {
  std::vector<DestinationRef> destinations;  // empty = the table's defaultDestination
  std::string path_rewrite;  // "" = none; replaces the matched prefix, or the whole exact path
  std::optional<RegexRewrite> regex_rewrite;
  std::string host_rewrite;
  bool auto_host_rewrite = false;
};

struct Redirect {
  std::string host, path;  // "" = the request's own
  std::uint16_t code = 301;
};

struct DirectResponse {
  std::uint16_t status = 200;
  std::string body;
};

enum class SortMethod { table_weight, route_specificity };

struct Delegate {
  std::vector<ObjectSelector> tables;
  SortMethod sort = SortMethod::table_weight;
};

using HttpAction = std::variant<ForwardTo, Redirect, DirectResponse, Delegate>;

struct HttpRoute {
  std::string name;
  base::Labels labels;
  std::vector<HttpMatcher> matchers;  // empty = everything
  HttpAction action;
  Place place;
  // Of the fields of its action, by their path below the route: "forwardTo.pathRewrite", a literal.
  std::vector<std::pair<std::string_view, Place>> places;

  // Where a field is written, or else the route.
  const Place& place_of(std::string_view field) const {
    for (const auto& [path, at] : places)
      if (path == field) return at;
    return place;
  }
};

enum class FailureMode { route_replacement, freeze_config };

struct RouteTable {
  Metadata metadata;
  std::vector<std::string> hosts;  // lower case; "*", "*.x", "*-x"; empty = a delegate's child
  std::vector<ObjectRef> virtual_gateways;
  bool has_workload_selectors = false;  // listed at all
  std::vector<ObjectSelector> workload_selectors;
  std::optional<DestinationRef> default_destination;
  std::vector<HttpRoute> http;
  std::int32_t weight = 0;
  FailureMode failure_mode = FailureMode::route_replacement;

  // Gloo's rule for which callers use it: without gateways all workloads do; with gateways only
  // when it has selectors.
  bool serves_the_mesh() const { return virtual_gateways.empty() || !workload_selectors.empty(); }
  bool names(const VirtualGateway& gateway) const {
    return std::ranges::any_of(virtual_gateways, [&](const auto& ref) {
      return refers_to(ref, metadata, gateway.metadata);
    });
  }
};

}  // namespace resources
