#include "resources/documents.hpp"

#include "resources/kinds/catalogue.hpp"
#include "resources/tree.hpp"

namespace resources {

Loaded load(const std::vector<File>& files) {
  Loaded loaded;
  for (const File& file : files) {
    const auto broken = read_trees(file.name, file.text, [&](Tree&& tree) {
      read_document(file.name, std::move(tree), loaded.documents, loaded.problems);
    });
    loaded.problems.insert(loaded.problems.end(), broken.begin(), broken.end());
  }
  return loaded;
}

}  // namespace resources
