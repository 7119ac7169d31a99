// A regular expression as route tables write them: RE2, so matching is linear in the text whatever
// an operator wrote.
//
// Unlike an ECMAScript or PCRE engine it has no look-around and no back references; such patterns
// are errors. Thread: immutable after compile(); RE2 guards its own caches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace re2 {
class RE2;
}

namespace forwarder {

// Memory one pattern may take for its program and its automaton's cache. A pattern that needs more
// for its program is refused; one whose cache overflows gets slower, not wrong.
inline constexpr std::int64_t kMaxPatternBytes = 1 << 20;

class Pattern {
 public:
  static base::Result<Pattern> compile(std::string_view text);

  bool matches(std::string_view whole) const;  // all of it, not a part
  // Every match in `text` replaced; \1 to \9 stand for the groups, \0 for the match.
  std::string replace_all(std::string_view text, std::string_view substitution) const;
  base::Result<void> check_substitution(std::string_view substitution) const;

  const std::string& text() const;
  // What every text that matches begins with; "" when that can't be said cheaply.
  const std::string& literal_prefix() const { return literal_prefix_; }

 private:
  explicit Pattern(std::shared_ptr<const re2::RE2> regex);

  std::shared_ptr<const re2::RE2> regex_;
  std::string literal_prefix_;
};

// Many patterns at once, in one pass over the text.
class PatternSet {
 public:
  // Bounds of what one set takes for its automaton: for each pattern, and in all.
  static constexpr std::int64_t kBytesEach = 1 << 16, kMaxBytes = 64 << 20;

  // Nothing where they need more than that.
  static std::optional<PatternSet> compile(const std::vector<const Pattern*>& patterns);

  // The places of those that match all of the text, growing. False: it could not be said, and the
  // patterns are to be tried one by one.
  bool match(std::string_view whole, std::vector<int>& places) const;

 private:
  struct Automaton;
  explicit PatternSet(std::shared_ptr<const Automaton> automaton)
      : automaton_(std::move(automaton)) {}
  std::shared_ptr<const Automaton> automaton_;
};

}  // namespace forwarder
