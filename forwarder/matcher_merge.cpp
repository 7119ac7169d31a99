#include <re2/re2.h>

#include <algorithm>

#include "forwarder/delegation.hpp"
#include "forwarder/pattern.hpp"

namespace forwarder {
namespace {

using PathMatch = resources::PathMatch;
using ValueMatch = resources::ValueMatch;

// One slash at the joint, whichever side brought it.
std::string join(std::string parent, std::string_view child) {
  if (parent.ends_with('/') && child.starts_with('/')) parent.pop_back();
  return parent.append(child);
}

bool is_prefix(const PathMatch& path) {
  return path.kind == PathMatch::Kind::prefix || path.kind == PathMatch::Kind::separated_prefix;
}

// What goes on behind a separated prefix does so behind a slash, whoever wrote it.
std::string join_to(const PathMatch& parent, const std::string& child) {
  const bool lacks_slash =
      parent.kind == PathMatch::Kind::separated_prefix && !child.starts_with('/');
  return join(lacks_slash ? parent.value + '/' : parent.value, child);
}

base::Result<PathMatch> concatenate(const PathMatch& parent, const PathMatch& child) {
  if (!is_prefix(parent))
    return base::invalid("a path can't be added to the parent's " +
                         std::string(parent.kind == PathMatch::Kind::exact ? "exact " : "regex ") +
                         parent.value);
  PathMatch both = child;
  // One flag has to serve both parts, and refusing what either lets pass would break the part that
  // asked for it.
  both.ignore_case = parent.ignore_case || child.ignore_case;
  const bool separated = parent.kind == PathMatch::Kind::separated_prefix;
  if (separated && child.kind == PathMatch::Kind::prefix && child.value == "/") {
    // All that is below it, and itself: "/v2/" would leave "/v2" out.
    both.kind = parent.kind;
    both.value = parent.value;
    return both;
  }
  if (child.kind != PathMatch::Kind::regex) {
    both.value = join_to(parent, child.value);
    return both;
  }
  both.ignore_case = parent.ignore_case;
  if (separated) both.below = parent.value;
  // A pattern that is wrong by itself is left to be found so: "a)(b" must not become right between
  // parentheses.
  if (!Pattern::compile(child.value)) return both;
  auto prefix = parent.value;
  if (prefix.ends_with('/') && child.value.starts_with('/')) prefix.pop_back();
  if (prefix.empty()) return both;
  prefix = re2::RE2::QuoteMeta(prefix);
  // ignoreCase says nothing to a regex, so the parent's has to stand in the pattern.
  if (parent.ignore_case) prefix = "(?i:" + prefix + ")";
  both.value = prefix + "(?:" + child.value + ")";
  return both;
}

// Two values asked of one header or parameter that no request can have at once.
bool contradict(const std::vector<ValueMatch>& a, const std::vector<ValueMatch>& b,
                std::string& name) {
  const auto is_plain = [](const ValueMatch& m) {
    return m.kind == ValueMatch::Kind::exact && !m.invert;
  };
  for (const auto& x : a)
    for (const auto& y : b)
      if (is_plain(x) && is_plain(y) && x.name == y.name && x.value != y.value) {
        name = x.name;
        return true;
      }
  return false;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

base::Result<resources::HttpMatcher> merge(const resources::HttpMatcher& parent,
                                           const resources::HttpMatcher& child) {
  resources::HttpMatcher both = parent;
  if (child.place.line != 0) both.place = child.place;
  if (child.path) {
    if (parent.path) {
      auto path = concatenate(*parent.path, *child.path);
      if (!path) return path.error();
      both.path = std::move(*path);
    } else {
      both.path = child.path;
    }
  }
  if (!child.method.empty()) {
    if (!parent.method.empty() && parent.method != child.method)
      return base::invalid("the parent wants method " + parent.method + ", the child " +
                           child.method);
    both.method = child.method;
  }
  if (child.port != 0) {
    if (parent.port != 0 && parent.port != child.port)
      return base::invalid("the parent wants port " + std::to_string(parent.port) + ", the child " +
                           std::to_string(child.port));
    both.port = child.port;
  }
  std::string name;
  if (contradict(parent.headers, child.headers, name))
    return base::invalid("parent and child want different values of header " + name);
  if (contradict(parent.query, child.query, name))
    return base::invalid("parent and child want different values of query parameter " + name);
  append(both.headers, child.headers);
  append(both.query, child.query);
  return both;
}

}  // namespace forwarder
