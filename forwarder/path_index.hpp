// Finds the first matcher of a virtual host that a request satisfies, without trying all of them.
//
// Exact paths and prefixes come by hash, a prefix for each length that some has; a path-separated
// prefix is an exact path, and a prefix with a slash behind it. A regex hangs on
// its literal prefix, those that have the same in one automaton where they are many; a matcher
// without a path hangs on the empty prefix. What path, or prefix, several share is told apart by
// candidates.hpp. Of all that hold the smallest ordinal wins, as if all had been tried one by one;
// what the index knows of a matcher is not asked again.
//
// Cost: O(path × lengths of prefixes), and the matchers that share a path or one of its prefixes.
// Thread: immutable after seal().
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forwarder/candidates.hpp"
#include "forwarder/matcher.hpp"

namespace forwarder {

class PathIndex {
 public:
  // In order: the ordinal of a matcher is the number of those added before. It is to outlive this.
  void add(const Matcher& matcher);
  void seal();

  // The least ordinal that holds, into search.best.
  void look(Search& search) const;

 private:
  // Patterns that begin with the same literal text.
  class Patterns {
   public:
    void add(Candidate candidate, const Pattern& pattern);
    void seal();
    void consider(Search& search) const;

   private:
    std::vector<Candidate> list_;           // in order
    std::vector<const Pattern*> patterns_;  // theirs
    std::optional<PatternSet> all_;         // where they are many
  };
  // What hangs on one prefix, or stands on one path.
  struct Node {
    Candidates candidates;
    std::unique_ptr<Patterns> patterns;
  };
  struct Paths {
    ByText<Node> exact, prefixes;
    std::vector<std::size_t> lengths;  // that prefixes have, growing

    bool empty() const { return exact.empty() && prefixes.empty(); }
    void seal();
    void look(std::string_view path, Search& search) const;
  };

  std::uint32_t size_ = 0;
  Paths as_written_;
  Paths folded_;  // lower case, for ignoreCase
};

}  // namespace forwarder
