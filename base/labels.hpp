// A set of key=value labels, sorted by key, as Kubernetes has them; and the subset match that selectors are made of.
#pragma once

#include <map>
#include <string>

namespace base {

using Labels = std::map<std::string, std::string, std::less<>>;

// True when every label of `wanted` is in `labels`. An empty `wanted` matches everything.
inline bool contains_all(const Labels& labels, const Labels& wanted) {
  for (const auto& [key, value] : wanted) {
    const auto found = labels.find(key);
    if (found == labels.end() || found->second != value) return false;
  }
  return true;
}

}  // namespace base
