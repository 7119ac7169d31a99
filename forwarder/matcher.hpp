// Does a request satisfy one matcher of a route? Gloo's HTTPRequestMatcher with Envoy's rules where
// Gloo is silent.
//
// Paths are compared as they come, without the query and without decoding; so are query parameters,
// of which the first of a name counts. Header lines of one name are joined by commas (RFC 9110
// §5.3). An inverted header match reads a missing header as an empty one. `:authority`, `:method`
// and `:path` can be asked for like headers; `:path` (with the query) and `host` are what the
// request is routed by, whatever form it came in.
//
// One function says both yes or no and why: routing and explain cannot disagree.
// Thread: immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forwarder/pattern.hpp"
#include "forwarder/table.hpp"
#include "forwarder/workloads.hpp"
#include "resources/route_table.hpp"

namespace forwarder {

struct PathMatcher {
  resources::PathMatch match;
  std::optional<Pattern> pattern;  // for a regex

  bool matches(std::string_view path) const;
};

struct ValueMatcher {
  resources::ValueMatch match;
  std::optional<Pattern> pattern;  // for a regex

  bool matches(std::optional<std::string_view> value) const;
};

struct Matcher {
  std::optional<PathMatcher> path;
  std::vector<ValueMatcher> headers, query;
  std::string method;                          // "" = any
  std::uint16_t port = 0;                      // 0 = any
  std::shared_ptr<const Addresses> not_from;   // callers it is not for; null = none
  std::shared_ptr<const Addresses> only_from;  // the only callers it is for; null = all

  // True when no path, header, query or method is asked for: what comes behind it is never reached.
  bool takes_everything() const;
};

// As matchers see a request: a header's value, `joined` holding it where several lines have to be
// put together; a query parameter's. Nothing: there is none.
std::optional<std::string_view> header_value(std::string_view name, const http::RequestHead& head,
                                             std::string& joined);
std::optional<std::string_view> query_value(std::string_view name, std::string_view query);

// The first part of a matcher that does not hold.
struct Mismatch {
  enum class Part : std::uint8_t { port, caller, method, path, header, query };
  Part part = Part::path;
  std::size_t index = 0;  // of the header or query parameter
};

std::optional<Mismatch> mismatch(const Matcher& matcher, const Request& request);

// "header x-user is \"amy\", wanted \"jason\"".
std::string describe(const Matcher& matcher, const Mismatch& mismatch, const Request& request);
// "prefix /reviews, header x-user = jason".
std::string describe(const Matcher& matcher);

// Compiles the patterns; the errors name the field below the matcher, "headers[1].value".
struct MatcherError {
  std::string field, message;
};
Matcher compile_matcher(const resources::HttpMatcher& source, std::vector<MatcherError>& errors);

}  // namespace forwarder
