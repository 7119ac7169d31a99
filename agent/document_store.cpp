#include "agent/document_store.hpp"

#include <algorithm>
#include <set>

#include "agent/changes.hpp"

namespace agent {
namespace {

bool at_or_below(std::string_view file, std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return file == path || (file.starts_with(path) && file.substr(path.size()).starts_with('/'));
}

template <class T>
void append(std::vector<T>& list, const std::vector<T>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

resources::Documents with_broken(const resources::Loaded& loaded) {
  auto all = loaded.documents;
  all.append(loaded.broken);
  return all;
}

std::vector<std::string> names_of(const resources::Documents& documents) {
  std::vector<std::string> names;
  const auto add = [&names](const auto& list) {
    for (const auto& object : list)
      if (!object.metadata.name.empty())
        names.push_back(object.metadata.namespace_ + '/' + object.metadata.name);
  };
  add(documents.virtual_destinations);
  add(documents.route_tables);
  add(documents.virtual_gateways);
  add(documents.services);
  add(documents.static_services);
  add(documents.external_services);
  add(documents.external_endpoints);
  resources::for_each_kind_of_policy(documents, add);
  return names;
}

bool at_or_inside(std::string_view field, std::string_view outer) {
  return field.starts_with(outer) &&
         (field.size() == outer.size() || field[outer.size()] == '.' || field[outer.size()] == '[');
}

// What the judge finds wrong with documents that reading has left out: told together with why it
// has. What follows from that (the field itself, or one around it) is not told again.
resources::Problems further_problems(const resources::Loaded& loaded,
                                     const DocumentStore::Judge& judge) {
  const auto broken = names_of(loaded.broken);
  if (!judge || broken.empty()) return {};
  auto problems = judge(with_broken(loaded));
  std::erase_if(problems, [&](const resources::Problem& problem) {
    const bool of_broken = std::ranges::any_of(
        broken, [&](const std::string& name) { return problem.object.ends_with(name); });
    return !of_broken || std::ranges::any_of(loaded.problems, [&](const auto& known) {
      return known.object == problem.object && at_or_inside(known.field, problem.field);
    });
  });
  return problems;
}

// A check names as wrong whichever loses: where that serves, it is the change that cannot.
void blame_changes(resources::Problems& problems, const Changes::Outcome& outcome) {
  const auto blamed = files_with_errors(problems);
  std::set<std::string> rivals;
  for (const auto& [held, rival] : outcome.clashes) {
    rivals.insert(rival);
    if (!blamed.contains(held))
      problems.push_back({resources::Severity::error,
                          {held, 0, 0},
                          "",
                          "",
                          "it clashes with what serves of " + resources::shown(rival),
                          "see what is said there"});
  }
  for (auto& problem : problems)
    if (rivals.contains(problem.place.file) && !outcome.held.contains(problem.place.file))
      problem.severity = resources::Severity::warning;
}

}  // namespace

bool DocumentStore::has_good(const std::string& path) const {
  return std::ranges::any_of(good_,
                             [&](const auto& good) { return at_or_below(good.first, path); });
}

std::shared_ptr<const AcceptedDocuments> DocumentStore::accept(std::vector<resources::File> files,
                                                               resources::Problems unreadable,
                                                               const Judge& judge) {
  auto accepted = std::make_shared<AcceptedDocuments>();
  const auto load = [&](const std::vector<resources::File>& from) {
    auto loaded = kept_.load(from);
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
  auto written = load(files);
  accepted->problems = written.problems;
  append(accepted->problems, further_problems(written, judge));
  append(accepted->problems, unreadable);
  auto outcome = Changes(files, good_, load).settle(std::move(written));
  blame_changes(accepted->problems, outcome);
  held.merge(outcome.held);

  kept_.forget_unused();
  good_.clear();
  for (auto& file : outcome.files) good_[std::move(file.name)] = std::move(file.text);
  for (const auto& file : held)
    if (!has_good(file)) accepted->never_good.push_back(file);
  accepted->documents = std::move(outcome.loaded.documents);
  accepted->held_back.assign(held.begin(), held.end());
  return accepted;
}

}  // namespace agent
