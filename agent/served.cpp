#include "agent/served.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace agent {

resources::Problems problems_of(const Served& served) {
  std::set<std::tuple<std::string, std::uint32_t, std::string, std::string, std::string>> said;
  resources::Problems all;
  for (const auto* problems :
       {&served.documents->problems, &served.row_problems, &served.routing_problems})
    for (const auto& p : *problems)
      if (said.emplace(p.place.file, p.place.line, p.object, p.field, p.message).second)
        all.push_back(p);
  return all;
}

std::vector<std::string> troubles_of(const Served& served) {
  const auto& [unused, problems, held_back, never_good] = *served.documents;
  std::vector<std::string> troubles;
  for (const auto& file : held_back)
    troubles.push_back("documents: " + file + " has errors and is held back: " +
                       (std::ranges::count(never_good, file) ? "nothing of it serves"
                                                             : "its last good state serves"));
  std::set<std::string> told(held_back.begin(), held_back.end());
  for (const auto& problem : problems_of(served))
    if (problem.severity == resources::Severity::error && told.insert(problem.place.file).second)
      troubles.push_back("documents: " + problem.place.file + " has errors and serves with them");
  return troubles;
}

}  // namespace agent
