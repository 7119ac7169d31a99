#include <regex.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "tests/unit/forwarder/published/linear_rewrite.hpp"

namespace linear {
namespace {

using resources::ValueMatch;
using Kind = resources::PathMatch::Kind;

// All of it, as RE2 would: published patterns mean the same to POSIX (std::regex does not compile
// without warnings under sanitizers: GCC bug 105562).
bool is_all(const std::string& text, const std::string& pattern) {
  regex_t compiled;
  if (regcomp(&compiled, ("^(" + pattern + ")$").c_str(), REG_EXTENDED | REG_NOSUB) != 0)
    throw std::invalid_argument("no pattern to POSIX: " + pattern);
  const bool matched = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
  regfree(&compiled);
  return matched;
}

// The lines of one name as one; none: there is none.
std::optional<std::string> header(const Asked& asked, const std::string& name) {
  if (name == ":authority") return asked.host;
  if (name == ":method") return asked.method;
  std::optional<std::string> all;
  for (const auto& [own, value] : asked.headers)
    if (lower(own) == lower(name)) all = all ? *all + ',' + value : value;
  return all;
}

std::optional<std::string> parameter(const Asked& asked, const std::string& name) {
  const auto mark = asked.target.find('?');
  if (mark == std::string::npos) return std::nullopt;
  const auto query = '&' + asked.target.substr(mark + 1) + '&';
  const auto at = query.find('&' + name + '=');
  if (at == std::string::npos)
    return query.find('&' + name + '&') == std::string::npos ? std::nullopt : std::optional("");
  const auto begin = at + name.size() + 2;
  return query.substr(begin, query.find('&', begin) - begin);
}

// "name only = header absent; name+value = no such header with that value (so a missing header
// matches)" (gloo.md §1).
bool holds(const ValueMatch& match, const std::optional<std::string>& value) {
  bool is = value.has_value();
  if (is && match.kind == ValueMatch::Kind::exact) is = *value == match.value;
  if (is && match.kind == ValueMatch::Kind::regex) is = is_all(*value, match.value);
  return is != match.invert;
}

bool is_path(const Way& way, std::string path) {
  if (!way.path) return true;
  auto value = way.path->value;
  if (way.path->kind == Kind::regex) {
    if (way.below.empty()) return is_all(path, value);
    // As concatenated: with one slash at the joint.
    const bool shared = way.below.back() == '/' && value.front() == '/';
    const auto at = way.below.size() - (shared ? 1 : 0);
    return path.compare(0, at, way.below, 0, at) == 0 && is_all(path.substr(at), value);
  }
  if (way.path->ignore_case) {
    value = lower(value);
    path = lower(path);
  }
  return way.path->kind == Kind::exact ? path == value : path.compare(0, value.size(), value) == 0;
}

}  // namespace

bool matches(const Way& way, const Asked& asked) {
  return is_path(way, asked.path()) && std::ranges::all_of(way.asks, [&](const auto* matcher) {
           if (matcher->port != 0) throw NotSaid("no published matcher asks for a port");
           return (matcher->method.empty() || matcher->method == asked.method) &&
                  std::ranges::all_of(matcher->headers,
                                      [&](const ValueMatch& match) {
                                        return holds(match, header(asked, match.name));
                                      }) &&
                  std::ranges::all_of(matcher->query, [&](const ValueMatch& match) {
                    return holds(match, parameter(asked, match.name));
                  });
         });
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string plain_host(std::string host) {
  const auto colon = host.rfind(':');
  if (colon != std::string::npos && host.find(']', colon) == std::string::npos) host.resize(colon);
  if (!host.empty() && host.back() == '.') host.pop_back();
  return lower(host);
}

std::string rewritten(const resources::ForwardTo& forward, const Way& way, const Asked& asked) {
  const auto path = asked.path(), query = asked.target.substr(path.size());
  if (forward.regex_rewrite) throw NotSaid("no published table asks for regexRewrite");
  const auto& instead = forward.path_rewrite;
  if (instead.empty()) return asked.target;
  if (way.path && way.path->kind == Kind::regex) throw NotSaid("unsupported by Gloo");
  if (way.path && way.path->kind == Kind::exact) return instead + query;
  auto rest = path.substr(way.path ? way.path->value.size() : 1);
  // Istio's "//" is nobody's wish (gloo.md §23, 10).
  if (instead.back() == '/' && !rest.empty() && rest.front() == '/') rest.erase(0, 1);
  return instead + rest + query;
}

std::string location(const resources::Redirect& redirect, const Asked& asked) {
  const auto path = asked.path(), query = asked.target.substr(path.size());
  return "http://" + (redirect.host.empty() ? asked.host : redirect.host) +
         (redirect.path.empty() ? path : redirect.path) + query;
}

}  // namespace linear
