// Finds the first matcher of a virtual host that a request satisfies, without trying all of them.
//
// The index proposes, mismatch() decides: it only has to propose every matcher whose path may hold.
// Exact paths come by hash, prefixes from a sorted table; a regex hangs on its literal prefix, a
// matcher without a path on the empty one. Each list is in the order of the matchers, so a list is
// left at its first hit, and at any ordinal above the best found so far: the smallest wins, as if
// all had been tried one by one.
//
// Cost: O(path) and the matchers that share a path or one of its prefixes. Thread: immutable.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ascii.hpp"
#include "forwarder/matcher.hpp"
#include "forwarder/prefix_table.hpp"
#include "forwarder/text_hash.hpp"

namespace forwarder {

class PathIndex {
 public:
  // In order: the ordinal of a matcher is the number of those added before.
  void add(const Matcher& matcher);
  void seal();

  // The least ordinal whose path may hold for `path` and that `accept` takes.
  template <class Accept>
  std::optional<std::uint32_t> first(std::string_view path, Accept accept) const {
    Search<Accept> search{accept, {}};
    as_written_.look(path, search);
    // Kept apart, for a folded copy of the path is only made where some table asks for it.
    if (!folded_.empty()) folded_.look(base::lower(path), search);
    return search.best;
  }

 private:
  using Ordinals = std::vector<std::uint32_t>;

  template <class Accept>
  struct Search {
    Accept& accept;
    std::optional<std::uint32_t> best;

    void consider(const Ordinals& ordinals) {
      for (const auto ordinal : ordinals) {
        if (best && ordinal >= *best) return;
        if (!accept(ordinal)) continue;
        best = ordinal;
        return;
      }
    }
  };

  struct Paths {
    std::unordered_map<std::string, Ordinals, TextHash, std::equal_to<>> exact;
    PrefixTable prefixes;

    bool empty() const { return exact.empty() && prefixes.empty(); }

    template <class Accept>
    void look(std::string_view path, Search<Accept>& search) const {
      if (const auto found = exact.find(path); found != exact.end()) search.consider(found->second);
      for (const auto* node = prefixes.longest(path); node; node = prefixes.shorter(*node))
        search.consider(node->values);
    }
  };

  std::uint32_t size_ = 0;
  Paths as_written_, folded_;  // folded_: lower case, for ignoreCase
};

}  // namespace forwarder
