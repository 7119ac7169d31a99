#include "agent/changes.hpp"

#include <algorithm>

namespace agent {

std::set<std::string> files_with_errors(const resources::Problems& problems) {
  std::set<std::string> files;
  for (const auto& problem : problems)
    if (problem.severity == resources::Severity::error) files.insert(problem.place.file);
  return files;
}

Changes::Changes(const std::vector<resources::File>& files,
                 const std::map<std::string, std::string>& good, Load load)
    : files_(files), good_(good), load_(std::move(load)) {
  for (std::size_t i = 0; i < files_.size(); ++i) by_name_.emplace(files_[i].name, i);
}

bool Changes::serves(std::size_t i) const {
  const auto good = good_.find(files_[i].name);
  return good != good_.end() && good->second == files_[i].text;
}

// The files with these changes; the others with their last good texts, or left out.
std::vector<resources::File> Changes::with(const std::set<std::size_t>& changes) const {
  std::vector<resources::File> files;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const auto good = good_.find(files_[i].name);
    if (changes.contains(i))
      files.push_back(files_[i]);
    else if (good != good_.end())
      files.push_back({files_[i].name, good->second, files_[i].has_lines});
  }
  return files;
}

const resources::Loaded& Changes::loaded(const std::set<std::size_t>& changes) {
  if (!last_ || last_changes_ != changes) last_ = load_(with(changes));
  last_changes_ = changes;
  return *last_;
}

// What is bad as it served before is nobody's change.
std::set<std::size_t> Changes::bad_of(const std::set<std::size_t>& changes) {
  std::set<std::size_t> bad;
  for (const auto& name : files_with_errors(loaded(changes).problems)) {
    const auto at = by_name_.find(name);
    if (at == by_name_.end()) continue;
    if (!changes.contains(at->second)) {
      if (!bad_before_) bad_before_ = files_with_errors(loaded({}).problems);
      if (bad_before_->contains(name)) continue;
    }
    bad.insert(at->second);
  }
  return bad;
}

void Changes::take(Group group) {
  while (!group.empty() && tries_++ < kMaxTries) {
    auto changes = taken_;
    changes.insert(group.begin(), group.end());
    const auto bad = bad_of(changes);
    if (bad.empty()) {
      taken_ = std::move(changes);
      return;
    }
    const auto is_in = [&](std::size_t i) { return std::ranges::count(group, i) > 0; };
    const auto other = std::ranges::find_if_not(bad, is_in);
    if (other == bad.end()) {
      held_.insert(bad.begin(), bad.end());
      std::erase_if(group, [&](std::size_t i) { return bad.contains(i); });
      continue;
    }
    if (group.size() == 1) {
      clashes_[group.front()] = *other;
      break;
    }
    const auto middle = group.begin() + static_cast<std::ptrdiff_t>(group.size() / 2);
    take({group.begin(), middle});
    take({middle, group.end()});
    return;
  }
  held_.insert(group.begin(), group.end());
}

Changes::Outcome Changes::settle(resources::Loaded written) {
  Group waiting;
  for (std::size_t i = 0; i < files_.size(); ++i)
    if (!serves(i)) waiting.push_back(i);
  last_ = std::move(written);
  last_changes_ = {waiting.begin(), waiting.end()};
  for (bool again = true; again && !waiting.empty();) {
    const auto before = taken_.size();
    held_.clear();
    take(waiting);
    waiting.assign(held_.begin(), held_.end());
    again = taken_.size() > before && !clashes_.empty();
  }
  Outcome outcome;
  outcome.files = with(taken_);
  loaded(taken_);
  outcome.loaded = std::move(*last_);
  for (const auto i : held_) outcome.held.insert(files_[i].name);
  for (const auto& [held, other] : clashes_)
    if (held_.contains(held)) outcome.clashes[files_[held].name] = files_[other].name;
  return outcome;
}

}  // namespace agent
