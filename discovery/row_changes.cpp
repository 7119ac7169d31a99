#include "discovery/row_changes.hpp"

#include <utility>

namespace discovery {

RowChanges changes_between(const std::vector<EncodedRow>& before, std::vector<EncodedRow> after) {
  RowChanges changes;
  auto was = before.begin();
  for (auto& row : after) {
    for (; was != before.end() && was->key < row.key; ++was) changes.gone.push_back(was->key);
    const bool known = was != before.end() && was->key == row.key;
    if (!known || was->value != row.value) changes.written.push_back(std::move(row));
    if (known) ++was;
  }
  for (; was != before.end(); ++was) changes.gone.push_back(was->key);
  return changes;
}

}  // namespace discovery
