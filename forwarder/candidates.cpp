#include "forwarder/candidates.hpp"

#include <algorithm>
#include <map>

namespace forwarder {
namespace {

// Fewer are asked one by one.
constexpr std::size_t kFew = 4;

// The value of a name that a matcher wants of a request; none: any, or not a plain one.
const std::string* wanted(const std::vector<ValueMatcher>& values, std::string_view name) {
  for (const auto& value : values)
    if (value.match.name == name && value.match.kind == resources::ValueMatch::Kind::exact &&
        !value.match.invert)
      return &value.match.value;
  return nullptr;
}

}  // namespace

bool Candidate::consider(Search& search) const {
  ++search.tried;
  if (matcher && mismatch(*matcher, search.request)) return false;
  search.best = ordinal;
  return true;
}

void Candidates::add(Candidate candidate) {
  if (!first_) {
    first_ = candidate;
    return;
  }
  if (!others_) others_ = std::make_unique<Group>();
  others_->add(candidate);
}

void Candidates::seal() {
  if (others_) others_->split();
}

void Candidates::consider(Search& search) const {
  if (!first_ || !search.wants(first_->ordinal) || first_->consider(search)) return;
  if (others_) others_->consider(search);
}

void Candidates::Group::split(std::set<Name> used) {
  if (list_.size() <= kFew) return;
  std::map<Name, std::size_t> counts;
  for (const auto& candidate : list_) {
    if (!candidate.matcher) continue;
    const auto count = [&](Part part, const std::vector<ValueMatcher>& values) {
      for (const auto& value : values)
        if (wanted(values, value.match.name)) ++counts[{part, value.match.name}];
    };
    count(Part::header, candidate.matcher->headers);
    count(Part::query, candidate.matcher->query);
  }
  std::erase_if(counts, [&](const auto& count) { return used.contains(count.first); });
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; });
  if (most == counts.end() || most->second <= kFew) return;
  name_ = most->first;

  std::map<std::string, std::vector<Candidate>> by_value;
  std::vector<Candidate> rest;
  for (const auto& candidate : list_) {
    const auto* matcher = candidate.matcher;
    const auto* value =
        !matcher
            ? nullptr
            : wanted(name_.first == Part::header ? matcher->headers : matcher->query, name_.second);
    (value ? by_value[*value] : rest).push_back(candidate);
  }
  list_.clear();
  rest_ = std::make_unique<Group>(std::move(rest));
  rest_->split(used);
  used.insert(name_);
  for (auto& [value, list] : by_value) {
    auto& group = by_value_[value] = std::make_unique<Group>(std::move(list));
    group->split(used);
  }
}

void Candidates::Group::consider(Search& search) const {
  for (const auto& candidate : list_)
    if (!search.wants(candidate.ordinal) || candidate.consider(search)) return;
  if (!rest_) return;
  const auto& head = *search.request.head;
  std::string joined;
  const auto value = name_.first == Part::header ? header_value(name_.second, head, joined)
                                                 : query_value(name_.second, head.query);
  if (value)
    if (const auto group = by_value_.find(*value); group != by_value_.end())
      group->second->consider(search);
  rest_->consider(search);
}

}  // namespace forwarder
