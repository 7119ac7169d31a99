#include "agent/document_store.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace agent {
namespace {

std::set<std::string> files_with_errors(const resources::Problems& problems) {
  std::set<std::string> files;
  for (const auto& problem : problems)
    if (problem.severity == resources::Severity::error) files.insert(problem.place.file);
  return files;
}

bool at_or_below(std::string_view file, std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return file == path || (file.starts_with(path) && file.substr(path.size()).starts_with('/'));
}

}  // namespace

// The same files with their last good texts; those that have none are left out.
std::vector<resources::File> DocumentStore::as_before(std::vector<resources::File> files) const {
  std::erase_if(files, [this](resources::File& file) {
    const auto good = good_.find(file.name);
    if (good != good_.end()) file.text = good->second;
    return good == good_.end();
  });
  return files;
}

bool DocumentStore::serves(const resources::File& file) const {
  const auto good = good_.find(file.name);
  return good != good_.end() && good->second == file.text;
}

bool DocumentStore::has_good(const std::string& path) const {
  return std::ranges::any_of(good_,
                             [&](const auto& good) { return at_or_below(good.first, path); });
}

std::shared_ptr<const AcceptedDocuments> DocumentStore::accept(std::vector<resources::File> files,
                                                               resources::Problems unreadable,
                                                               const Judge& judge) {
  auto accepted = std::make_shared<AcceptedDocuments>();
  const auto load = [&judge](const std::vector<resources::File>& from) {
    auto loaded = resources::load(from);
    if (!judge) return loaded;
    for (auto& problem : judge(loaded.documents)) loaded.problems.push_back(std::move(problem));
    return loaded;
  };
  std::set<std::string> held, read;
  for (const auto& file : files) read.insert(file.name);
  for (const auto& problem : unreadable) {
    held.insert(problem.place.file);
    for (const auto& [name, text] : good_)
      if (at_or_below(name, problem.place.file) && read.insert(name).second)
        files.push_back({name, text});
  }
  auto loaded = load(files);
  accepted->problems = loaded.problems;
  accepted->problems.insert(accepted->problems.end(), unreadable.begin(), unreadable.end());

  // Bad files get their last good text, or nothing. Where what served clashes with what changed
  // (two files that name one host), it is the change that waits: every changed file is held back.
  // What is bad as it served before is nobody's change.
  std::optional<std::set<std::string>> bad_before;
  const auto bad_now = [&] {
    auto bad = files_with_errors(loaded.problems);
    if (bad.empty()) return bad;
    if (!bad_before) bad_before = files_with_errors(load(as_before(files)).problems);
    for (const auto& file : files)
      if (serves(file) && bad_before->contains(file.name)) bad.erase(file.name);
    return bad;
  };
  for (auto bad = bad_now(); !bad.empty(); bad = bad_now()) {
    const bool clash = std::any_of(files.begin(), files.end(), [&](const auto& file) {
      return bad.contains(file.name) && serves(file);
    });
    if (std::ranges::all_of(files, [&](const auto& file) { return serves(file); })) break;
    std::erase_if(files, [&](resources::File& file) {
      if (serves(file) || (!clash && !bad.contains(file.name))) return false;
      held.insert(file.name);
      const auto good = good_.find(file.name);
      if (good == good_.end()) return true;
      file.text = good->second;
      return false;
    });
    loaded = load(files);
  }

  good_.clear();
  for (auto& file : files) good_[std::move(file.name)] = std::move(file.text);
  for (const auto& file : held)
    if (!has_good(file)) accepted->never_good.push_back(file);
  accepted->documents = std::move(loaded.documents);
  accepted->held_back.assign(held.begin(), held.end());
  return accepted;
}

}  // namespace agent
