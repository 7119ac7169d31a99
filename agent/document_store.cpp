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
  auto loaded = resources::load(files);
  accepted->problems = std::move(loaded.problems);
  for (const auto& problem : unreadable)
    if (const auto good = good_.find(problem.place.file); good != good_.end())
      files.push_back({good->first, good->second});
  accepted->problems.insert(accepted->problems.end(), unreadable.begin(), unreadable.end());

  // Puts the last good text in place of what is bad, then leaves out what is bad even so: a good
  // text may clash with a file that changed. Each round removes or replaces at least one file, so
  // this ends.
  std::set<std::string> held = files_with_errors(accepted->problems), replaced;
  auto bad = held;
  while (!bad.empty()) {
    std::erase_if(files, [&](resources::File& file) {
      if (!bad.contains(file.name)) return false;
      const auto good = good_.find(file.name);
      if (good == good_.end() || !replaced.insert(file.name).second) return true;
      file.text = good->second;
      return false;
    });
    loaded = resources::load(files);
    bad = files_with_errors(loaded.problems);
    // An error that names no file left to act on (there is none today) must not loop for ever.
    std::erase_if(bad, [&](const std::string& name) {
      return std::none_of(files.begin(), files.end(),
                          [&](const auto& file) { return file.name == name; });
    });
    held.insert(bad.begin(), bad.end());
  }

  good_.clear();
  for (auto& file : files) good_[std::move(file.name)] = std::move(file.text);
  accepted->documents = std::move(loaded.documents);
  accepted->held_back.assign(held.begin(), held.end());
  return accepted;
}

}  // namespace agent
