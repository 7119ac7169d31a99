#include "forwarder/matcher.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace forwarder {
namespace {

using PathKind = resources::PathMatch::Kind;
using ValueKind = resources::ValueMatch::Kind;

using base::equal_ignoring_case;

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string wanted(const resources::ValueMatch& match) {
  const auto* inverted = match.invert ? "not " : "";
  switch (match.kind) {
    case ValueKind::present:
      return match.invert ? "absent" : "present";
    case ValueKind::exact:
      return inverted + quoted(match.value);
    case ValueKind::regex:
      return inverted + ("regex " + match.value);
  }
  return {};
}

std::string wanted(const resources::PathMatch& match) {
  const auto* folded = match.ignore_case ? ", ignoring case" : "";
  switch (match.kind) {
    case PathKind::exact:
      return "exact " + match.value + folded;
    case PathKind::prefix:
      return "prefix " + match.value + folded;
    case PathKind::separated_prefix:
      return "path-separated prefix " + match.value + folded;
    case PathKind::regex:
      return "regex " + match.value + (match.below.empty() ? "" : " below " + match.below + folded);
  }
  return {};
}

bool is_text(std::string_view a, std::string_view b, bool ignore_case) {
  return ignore_case ? equal_ignoring_case(a, b) : a == b;
}

bool is_at_or_below(std::string_view path, std::string_view prefix, bool ignore_case) {
  return is_text(path.substr(0, prefix.size()), prefix, ignore_case) &&
         (path.size() == prefix.size() || path[prefix.size()] == '/');
}

std::string describe_value(const char* what, const resources::ValueMatch& match,
                           std::optional<std::string_view> value) {
  return std::string(what) + ' ' + match.name + " is " + (value ? quoted(*value) : "absent") +
         ", wanted " + wanted(match);
}

std::vector<ValueMatcher> compile_values(const std::vector<resources::ValueMatch>& source,
                                         const char* field, std::vector<MatcherError>& errors) {
  std::vector<ValueMatcher> compiled;
  for (std::size_t i = 0; i < source.size(); ++i) {
    auto& value = compiled.emplace_back(ValueMatcher{source[i], std::nullopt});
    if (value.match.kind != ValueKind::regex) continue;
    // Istio reads a lone "*" as "present" (convertToPresentMatch), and so do published tables.
    if (value.match.value == "*") {
      value.match.kind = ValueKind::present;
      continue;
    }
    auto pattern = Pattern::compile(value.match.value);
    if (pattern)
      value.pattern = std::move(*pattern);
    else
      errors.push_back({field + ('[' + std::to_string(i) + "].value"), pattern.error().message});
  }
  return compiled;
}

}  // namespace

std::optional<std::string_view> header_value(std::string_view name, const http::RequestHead& head,
                                             std::string& joined) {
  if (name == ":authority") return head.authority;
  if (name == ":method") return head.method;
  if (name == ":path") {
    if (!head.has_query) return head.path;
    return joined.append(head.path).append("?").append(head.query);
  }
  // Beside an absolute target a Host line means nothing (RFC 9112 §3.2.2).
  if (name == "host" && !head.authority.empty()) return head.authority;
  std::optional<std::string_view> found;
  for (const auto& header : head.headers) {
    if (!equal_ignoring_case(header.name, name)) continue;
    if (!found) {
      found = header.value;
      continue;
    }
    if (joined.empty()) joined = *found;
    joined.append(",").append(header.value);
    found = joined;
  }
  return found;
}

std::optional<std::string_view> query_value(std::string_view name, std::string_view query) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name) return pair.substr(std::min(equals + 1, pair.size()));
  }
  return std::nullopt;
}

bool PathMatcher::matches(std::string_view path) const {
  switch (match.kind) {
    case PathKind::exact:
      return is_text(path, match.value, match.ignore_case);
    case PathKind::prefix:
      return is_text(path.substr(0, match.value.size()), match.value, match.ignore_case);
    case PathKind::separated_prefix:
      return is_at_or_below(path, match.value, match.ignore_case);
    case PathKind::regex:
      return (match.below.empty() || is_at_or_below(path, match.below, match.ignore_case)) &&
             pattern && pattern->matches(path);
  }
  return false;
}

bool ValueMatcher::matches(std::optional<std::string_view> value) const {
  if (match.kind == ValueKind::present) return value.has_value() != match.invert;
  if (!value && !match.invert) return false;
  const auto text = value.value_or("");
  const bool holds =
      match.kind == ValueKind::exact ? text == match.value : pattern && pattern->matches(text);
  return holds != match.invert;
}

bool Matcher::takes_everything() const {
  if (!headers.empty() || !query.empty() || !method.empty()) return false;
  if (!path) return true;
  const auto& match = path->match;
  if (match.kind == PathKind::prefix) return match.value.empty() || match.value == "/";
  return match.kind == PathKind::regex && (match.value == ".*" || match.value == "/.*") &&
         match.below.empty();
}

std::optional<Mismatch> mismatch(const Matcher& matcher, const Request& request) {
  using Part = Mismatch::Part;
  const auto& head = *request.head;
  if (matcher.port != 0 && matcher.port != request.port) return Mismatch{Part::port};
  if (matcher.not_from && matcher.not_from->contains(request.client)) return Mismatch{Part::caller};
  if (matcher.only_from && !matcher.only_from->contains(request.client))
    return Mismatch{Part::caller};
  if (!matcher.method.empty() && matcher.method != head.method) return Mismatch{Part::method};
  if (matcher.path && !matcher.path->matches(head.path)) return Mismatch{Part::path};
  std::string joined;
  for (std::size_t i = 0; i < matcher.headers.size(); ++i) {
    joined.clear();
    const auto& header = matcher.headers[i];
    if (!header.matches(header_value(header.match.name, head, joined)))
      return Mismatch{Part::header, i};
  }
  for (std::size_t i = 0; i < matcher.query.size(); ++i)
    if (!matcher.query[i].matches(query_value(matcher.query[i].match.name, head.query)))
      return Mismatch{Part::query, i};
  return std::nullopt;
}

std::string describe(const Matcher& matcher, const Mismatch& mismatch, const Request& request) {
  const auto& head = *request.head;
  std::string joined;
  switch (mismatch.part) {
    case Mismatch::Part::port:
      return "port is " + std::to_string(request.port) + ", wanted " + std::to_string(matcher.port);
    case Mismatch::Part::caller:
      return "caller " + request.client.to_string() +
             (matcher.only_from ? " has a route table" : " is not selected by the route table");
    case Mismatch::Part::method:
      return "method is " + std::string(head.method) + ", wanted " + matcher.method;
    case Mismatch::Part::path:
      return "path is " + std::string(head.path) + ", wanted " + wanted(matcher.path->match);
    case Mismatch::Part::header: {
      const auto& match = matcher.headers[mismatch.index].match;
      return describe_value("header", match, header_value(match.name, head, joined));
    }
    case Mismatch::Part::query: {
      const auto& match = matcher.query[mismatch.index].match;
      return describe_value("query parameter", match, query_value(match.name, head.query));
    }
  }
  return {};
}

std::string describe(const Matcher& matcher) {
  std::string text;
  const auto add = [&text](const std::string& part) {
    if (!text.empty()) text += ", ";
    text += part;
  };
  if (matcher.path) add(wanted(matcher.path->match));
  if (!matcher.method.empty()) add("method " + matcher.method);
  for (const auto& header : matcher.headers)
    add("header " + header.match.name + ' ' + wanted(header.match));
  for (const auto& parameter : matcher.query)
    add("query parameter " + parameter.match.name + ' ' + wanted(parameter.match));
  if (matcher.port != 0) add("port " + std::to_string(matcher.port));
  if (matcher.not_from) add("selected callers");
  if (matcher.only_from) add("callers that no route table selects");
  return text.empty() ? "everything" : text;
}

Matcher compile_matcher(const resources::HttpMatcher& source, std::vector<MatcherError>& errors) {
  Matcher matcher;
  if (source.path) {
    matcher.path = PathMatcher{*source.path, std::nullopt};
    if (source.path->kind == PathKind::regex) {
      auto pattern = Pattern::compile(source.path->value);
      if (pattern)
        matcher.path->pattern = std::move(*pattern);
      else
        errors.push_back({"uri.regex", pattern.error().message});
    }
  }
  matcher.headers = compile_values(source.headers, "headers", errors);
  matcher.query = compile_values(source.query, "queryParameters", errors);
  matcher.method = source.method;
  matcher.port = source.port;
  return matcher;
}

}  // namespace forwarder
