#include "agent/document_store.hpp"

#include <algorithm>
#include <set>

namespace agent {
namespace {

std::set<std::string> files_with_errors(const resources::Problems& problems) {
  std::set<std::string> files;
  for (const auto& problem : problems)
    if (problem.severity == resources::Severity::error) files.insert(problem.place.file);
  return files;
}

}  // namespace

std::shared_ptr<const AcceptedDocuments> DocumentStore::accept(std::vector<resources::File> files,
                                                               resources::Problems unreadable) {
  auto accepted = std::make_shared<AcceptedDocuments>();
  std::set<std::string> held;
  for (const auto& problem : unreadable) {
    held.insert(problem.place.file);
    if (const auto good = good_.find(problem.place.file); good != good_.end())
      files.push_back({good->first, good->second});
  }
  auto loaded = resources::load(files);
  accepted->problems = loaded.problems;
  accepted->problems.insert(accepted->problems.end(), unreadable.begin(), unreadable.end());

  // Bad files get their last good text, or nothing. Where what served clashes with what changed
  // (two files that name one host), it is the change that waits: every changed file is held back.
  for (auto bad = files_with_errors(loaded.problems); !bad.empty();
       bad = files_with_errors(loaded.problems)) {
    const auto serves = [&](const resources::File& file) {
      const auto good = good_.find(file.name);
      return good != good_.end() && good->second == file.text;
    };
    const bool clash = std::any_of(files.begin(), files.end(), [&](const auto& file) {
      return bad.contains(file.name) && serves(file);
    });
    if (std::all_of(files.begin(), files.end(), serves)) break;
    std::erase_if(files, [&](resources::File& file) {
      if (serves(file) || (!clash && !bad.contains(file.name))) return false;
      held.insert(file.name);
      const auto good = good_.find(file.name);
      if (good == good_.end()) return true;
      file.text = good->second;
      return false;
    });
    loaded = resources::load(files);
  }

  good_.clear();
  for (auto& file : files) good_[std::move(file.name)] = std::move(file.text);
  accepted->documents = std::move(loaded.documents);
  accepted->held_back.assign(held.begin(), held.end());
  return accepted;
}

}  // namespace agent
