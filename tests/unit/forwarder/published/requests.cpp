#include "tests/unit/forwarder/published/requests.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "tests/unit/forwarder/published/linear_rewrite.hpp"

namespace published {
namespace {

using linear::Asked;
using resources::ValueMatch;
using Kind = resources::PathMatch::Kind;

// Some text that a published pattern takes: they are words between ".*".
std::string taken_by(std::string pattern) {
  for (const std::string part : {"(.*)", ".*?", ".*"})
    for (auto at = pattern.find(part); at != pattern.npos; at = pattern.find(part))
      pattern.replace(at, part.size(), "any-");
  return pattern;
}

std::string value_for(const ValueMatch& match) {
  if (match.kind == ValueMatch::Kind::regex) return taken_by(match.value);
  return match.kind == ValueMatch::Kind::exact ? match.value : "present";
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string some_host(const std::string& pattern) {
  if (pattern == "*") return "some.test";
  return pattern.starts_with('*') ? "some" + pattern.substr(1) : pattern;
}

Asked taken_by(const linear::Way& way, const std::string& host) {
  Asked asked;
  asked.host = host;
  if (way.path) asked.target = way.path->value;
  if (way.path && way.path->kind == Kind::regex) asked.target = way.below + taken_by(asked.target);
  for (const auto* matcher : way.asks) {
    if (!matcher->method.empty()) asked.method = matcher->method;
    for (const auto& header : matcher->headers)
      if (!header.invert) asked.headers.emplace_back(header.name, value_for(header));
    for (const auto& parameter : matcher->query)
      asked.target += (asked.target.find('?') == asked.target.npos ? '?' : '&') + parameter.name +
                      '=' + value_for(parameter);
  }
  return asked;
}

class Collected {
 public:
  void add(Asked asked) {
    if (asked.target.empty()) asked.target = "/";
    if (seen_.insert(asked.to_string()).second) all_.push_back(std::move(asked));
  }
  // The same with one thing other than it was.
  template <class Change>
  void add(Asked asked, Change change) {
    change(asked);
    add(std::move(asked));
  }
  std::vector<Asked> take() { return std::move(all_); }

 private:
  std::set<std::string> seen_;
  std::vector<Asked> all_;
};

void add_other_paths(const Asked& asked, Collected& all) {
  for (const auto* behind : {"x", "/", "/more/x", "?a=b&c=/d", "/x?y", "//"})
    all.add(asked, [&](Asked& other) { other.target += behind; });
  all.add(asked, [](Asked& other) { other.target.pop_back(); });
  all.add(asked, [](Asked& other) { other.target = "/other" + other.target; });
  all.add(asked, [](Asked& other) { other.target = "/no/such/path"; });
  all.add(asked, [](Asked& other) { other.target = upper(other.target); });
  all.add(asked, [](Asked& other) { other.target.resize(1 + other.target.size() / 2); });
}

void add_other_hosts(const Asked& asked, Collected& all) {
  all.add(asked, [](Asked& other) { other.host = "nobody.invalid"; });
  all.add(asked, [](Asked& other) { other.host = "x" + other.host; });
  all.add(asked, [](Asked& other) { other.host = upper(other.host) + ":8080"; });
  all.add(asked, [](Asked& other) { other.host += '.'; });
}

void add_other_headers(const Asked& asked, const linear::Way& way, Collected& all) {
  for (std::size_t i = 0; i < asked.headers.size(); ++i) {
    all.add(asked, [&](Asked& other) { other.headers.erase(other.headers.begin() + i); });
    all.add(asked, [&](Asked& other) { other.headers[i].second = "x" + other.headers[i].second; });
    all.add(asked, [&](Asked& other) { other.headers[i].second += "x"; });
    all.add(asked, [&](Asked& other) { other.headers[i].second.clear(); });
    all.add(asked, [&](Asked& other) { other.headers[i].first = upper(other.headers[i].first); });
    all.add(asked, [&](Asked& other) { other.headers.push_back(other.headers[i]); });
  }
  for (const auto* matcher : way.asks)
    for (const auto& header : matcher->headers)
      if (header.invert)
        all.add(asked,
                [&](Asked& other) { other.headers.emplace_back(header.name, value_for(header)); });
  all.add(asked, [](Asked& other) { other.headers.emplace_back("x-other", "1"); });
}

// What another route asks for as well: which of the two comes first?
void add_headers_of_others(const Asked& asked, const linear::Routes& routes, Collected& all) {
  for (const auto& route : routes.flat())
    for (const auto& way : route.ways)
      all.add(asked, [&](Asked& other) {
        for (auto& header : taken_by(way, asked.host).headers)
          other.headers.push_back(std::move(header));
      });
}

}  // namespace

std::vector<Asked> derived_requests(const Scene& scene, const linear::Routes& routes,
                                    const Mesh& mesh) {
  Collected all;
  for (const auto& pattern : scene.root->hosts)
    for (const auto& route : routes.flat())
      for (const auto& way : route.ways) {
        const auto asked = taken_by(way, some_host(pattern));
        all.add(asked);
        add_other_paths(asked, all);
        add_other_hosts(asked, all);
        add_other_headers(asked, way, all);
        add_headers_of_others(asked, routes, all);
        for (const auto* method : {"POST", "PATCH", "HEAD"})
          all.add(asked, [&](Asked& other) { other.method = method; });
        for (const auto* callers : {&mesh.selected, &mesh.strangers})
          for (const auto& caller : *callers)
            all.add(asked, [&](Asked& other) { other.from = &caller; });
      }
  return all.take();
}

}  // namespace published
