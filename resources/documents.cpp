#include "resources/documents.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "resources/cross_checks.hpp"
#include "resources/kinds/catalogue.hpp"
#include "resources/tree.hpp"

namespace resources {
namespace {

void sort_by_place(Problems& problems, const std::vector<File>& files) {
  std::unordered_map<std::string_view, std::size_t> rank;
  for (const File& file : files) rank.try_emplace(file.name, rank.size());
  const auto place = [&rank](const Problem& problem) {
    return std::tuple(rank[problem.place.file], problem.place.line, problem.place.column);
  };
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
}

}  // namespace

Loaded load(const std::vector<File>& files) {
  Loaded loaded;
  for (const File& file : files) {
    const auto broken = read_trees(file.name, file.text, [&](Tree&& tree) {
      read_document(file.name, std::move(tree), loaded);
    });
    loaded.problems.insert(loaded.problems.end(), broken.begin(), broken.end());
  }
  // A slice of no service has nowhere to go; its reader has said so.
  std::erase_if(loaded.documents.endpoint_slices,
                [](const EndpointSlice& slice) { return slice.service.empty(); });
  check_together(loaded.documents, loaded.problems);
  sort_by_place(loaded.problems, files);
  return loaded;
}

}  // namespace resources
