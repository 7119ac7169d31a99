// The path as it goes upstream.
//
// pathRewrite replaces what the matcher matched: the prefix (of a delegated route: the whole
// concatenated one), or the whole path of an exact or regex match. Where the replacement ends and
// the rest begins with a slash, one of them goes: Istio's "//api" for prefix /common, rewrite / is
// a known defect that nobody wants kept (gloo.md §2). Nothing is added at the joint, for a prefix
// is raw text: /v1 to /v2 makes /v1beta into /v2beta (a path-separated prefix does not take it).
// regexRewrite replaces every match in the path. The query is never touched.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "forwarder/matcher.hpp"
#include "forwarder/pattern.hpp"

namespace forwarder {

struct PathRewrite {
  std::string replacement;  // "" = none
  std::optional<Pattern> pattern;
  std::string substitution;

  bool is_none() const { return replacement.empty() && !pattern; }
};

// `matcher` is the one that the request satisfied. The result always begins with '/', but for "*".
std::string rewrite_path(const PathRewrite& rewrite, const Matcher& matcher, std::string_view path);

}  // namespace forwarder
