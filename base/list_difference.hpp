// What two lists of shared objects differ in, where most of one is in the other: by identity, so
// that what is alike costs a comparison of pointers and is not looked at.
//
// Thread: a pure function.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <numeric>
#include <unordered_set>
#include <vector>

namespace base {

struct ListDifference {
  std::vector<std::size_t> gone, come;  // indices into the list before, and after
  // All of them lie between these places; outside of them the lists are alike.
  std::size_t first = 0, end_before = 0, end_after = 0;
};

// What has changed places without going counts as gone and come, with all between.
template <class T>
ListDifference difference(const std::vector<std::shared_ptr<const T>>& before,
                          const std::vector<std::shared_ptr<const T>>& after) {
  const auto common = std::mismatch(before.begin(), before.end(), after.begin(), after.end());
  ListDifference result;
  auto& [gone, come, first, end_before, end_after] = result;
  first = static_cast<std::size_t>(common.first - before.begin());
  end_before = before.size();
  end_after = after.size();
  while (end_before > first && end_after > first && before[end_before - 1] == after[end_after - 1])
    --end_before, --end_after;

  std::unordered_set<const T*> were, are;
  for (auto i = first; i < end_before; ++i) were.insert(before[i].get());
  for (auto i = first; i < end_after; ++i) are.insert(after[i].get());
  std::vector<const T*> stay, still;
  for (auto i = first; i < end_before; ++i) {
    if (are.contains(before[i].get()))
      stay.push_back(before[i].get());
    else
      gone.push_back(i);
  }
  for (auto i = first; i < end_after; ++i) {
    if (were.contains(after[i].get()))
      still.push_back(after[i].get());
    else
      come.push_back(i);
  }
  if (stay == still) return result;
  gone.resize(end_before - first);
  come.resize(end_after - first);
  std::iota(gone.begin(), gone.end(), first);
  std::iota(come.begin(), come.end(), first);
  return result;
}

}  // namespace base
