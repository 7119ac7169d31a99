#include "forwarder/path_index.hpp"

#include "base/ascii.hpp"

namespace forwarder {

void PathIndex::add(const Matcher& matcher) {
  const auto ordinal = size_++;
  if (!matcher.path) {
    as_written_.prefixes.add("", ordinal);
    return;
  }
  const auto& match = matcher.path->match;
  using Kind = resources::PathMatch::Kind;
  if (match.kind == Kind::regex) {
    const auto& pattern = matcher.path->pattern;
    as_written_.prefixes.add(pattern ? pattern->literal_prefix() : "", ordinal);
    return;
  }
  auto& paths = match.ignore_case ? folded_ : as_written_;
  const auto key = match.ignore_case ? base::lower(match.value) : match.value;
  if (match.kind == Kind::exact)
    paths.exact[key].push_back(ordinal);
  else
    paths.prefixes.add(key, ordinal);
}

void PathIndex::seal() {
  as_written_.prefixes.seal();
  folded_.prefixes.seal();
}

}  // namespace forwarder
