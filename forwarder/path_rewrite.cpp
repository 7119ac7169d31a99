#include "forwarder/path_rewrite.hpp"

namespace forwarder {
namespace {

std::string replace_matched(const std::string& replacement, const Matcher& matcher,
                            std::string_view path) {
  // No path asked for is as good as the prefix "/" (Istio emits just that).
  const resources::PathMatch everything;
  const auto& match = matcher.path ? matcher.path->match : everything;
  using Kind = resources::PathMatch::Kind;
  if (match.kind == Kind::exact || match.kind == Kind::regex) return replacement;
  auto rest = path.substr(std::min(match.value.size(), path.size()));
  if (replacement.ends_with('/') && rest.starts_with('/')) rest.remove_prefix(1);
  return replacement + std::string(rest);
}

}  // namespace

std::string rewrite_path(const PathRewrite& rewrite, const Matcher& matcher,
                         std::string_view path) {
  std::string result;
  if (path == "*")
    return "*";
  else if (rewrite.pattern)
    result = rewrite.pattern->replace_all(path, rewrite.substitution);
  else if (!rewrite.replacement.empty())
    result = replace_matched(rewrite.replacement, matcher, path);
  else
    result = path;
  if (!result.starts_with('/')) result.insert(result.begin(), '/');
  return result;
}

}  // namespace forwarder
