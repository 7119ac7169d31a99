#include "forwarder/path_index.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace forwarder {
namespace {

// Fewer patterns are tried one by one.
constexpr std::size_t kFewPatterns = 4;

// Whether it asks for nothing but a path, by which it is found.
bool is_path_only(const Matcher& matcher) {
  return (!matcher.path || matcher.path->match.below.empty()) && matcher.headers.empty() &&
         matcher.query.empty() && matcher.method.empty() && matcher.port == 0 &&
         !matcher.not_from && !matcher.only_from;
}

}  // namespace

void PathIndex::add(const Matcher& matcher) {
  const Candidate candidate{size_++, is_path_only(matcher) ? nullptr : &matcher};
  if (!matcher.path) {
    as_written_.prefixes[""].candidates.add(candidate);
    return;
  }
  const auto& match = matcher.path->match;
  using Kind = resources::PathMatch::Kind;
  if (match.kind == Kind::regex) {
    if (!matcher.path->pattern) return;  // it takes nothing
    const auto& pattern = *matcher.path->pattern;
    auto& patterns = as_written_.prefixes[pattern.literal_prefix()].patterns;
    if (!patterns) patterns = std::make_unique<Patterns>();
    patterns->add(candidate, pattern);
    return;
  }
  auto& paths = match.ignore_case ? folded_ : as_written_;
  const auto key = match.ignore_case ? base::lower(match.value) : match.value;
  if (match.kind != Kind::prefix) paths.exact[key].candidates.add(candidate);
  // A path is one of the two at most.
  if (match.kind == Kind::separated_prefix) paths.prefixes[key + '/'].candidates.add(candidate);
  if (match.kind == Kind::prefix) paths.prefixes[key].candidates.add(candidate);
}

void PathIndex::seal() {
  as_written_.seal();
  folded_.seal();
}

void PathIndex::look(Search& search) const {
  const auto path = search.request.head->path;
  as_written_.look(path, search);
  // Kept apart, for a folded copy of the path is only made where some table asks for it.
  if (!folded_.empty()) folded_.look(base::lower(path), search);
}

void PathIndex::Paths::seal() {
  for (auto* nodes : {&exact, &prefixes})
    for (auto& [key, node] : *nodes) {
      node.candidates.seal();
      if (node.patterns) node.patterns->seal();
    }
  for (const auto& [key, node] : prefixes) lengths.push_back(key.size());
  std::ranges::sort(lengths);
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
}

void PathIndex::Paths::look(std::string_view path, Search& search) const {
  if (const auto found = exact.find(path); found != exact.end())
    found->second.candidates.consider(search);
  for (const auto length : lengths) {
    if (length > path.size()) return;
    const auto found = prefixes.find(path.substr(0, length));
    if (found == prefixes.end()) continue;
    found->second.candidates.consider(search);
    if (found->second.patterns) found->second.patterns->consider(search);
  }
}

void PathIndex::Patterns::add(Candidate candidate, const Pattern& pattern) {
  list_.push_back(candidate);
  patterns_.push_back(&pattern);
}

void PathIndex::Patterns::seal() {
  if (list_.size() > kFewPatterns) all_ = PatternSet::compile(patterns_);
}

void PathIndex::Patterns::consider(Search& search) const {
  if (!search.wants(list_.front().ordinal)) return;
  const auto path = search.request.head->path;
  if (all_ && all_->match(path, search.matching)) {
    for (const auto place : search.matching) {
      const auto& candidate = list_[static_cast<std::size_t>(place)];
      if (!search.wants(candidate.ordinal) || candidate.consider(search)) return;
    }
    return;
  }
  for (std::size_t i = 0; i < list_.size(); ++i) {
    if (!search.wants(list_[i].ordinal)) return;
    if (patterns_[i]->matches(path) && list_[i].consider(search)) return;
  }
}

}  // namespace forwarder
