// One document as a tree, whether it was YAML or JSON: every node knows where it stands, so that
// each complaint can.
//
// Scalars keep their text as written: whether 0123, on or "80" is a number, a flag or a string is
// for the field that reads it (binder.hpp). Refused: text that is not UTF-8, NUL bytes, keys that
// are not strings, the same key twice in one map, and what passes a limit below. Aliases and YAML's
// merge key (<<) are resolved here. Thread: pure functions; a node owns all below it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "resources/problem.hpp"

namespace resources {

inline constexpr std::size_t kMaxFileBytes = 16u << 20;
inline constexpr std::size_t kMaxDepth = 64;  // maps and lists inside each other
inline constexpr std::size_t kMaxAliasBytes =
    16u << 20;  // what anchors and aliases may add to a document

struct Mark {
  std::uint32_t line = 0, column = 0;  // from 1; columns are bytes; 0 = not known
};

struct Node {
  // A scalar's kind is YAML 1.2's reading of it: a guess for messages, not a decision.
  enum class Kind : std::uint8_t { null, boolean, number, string, list, map };

  Kind kind = Kind::null;
  bool quoted = false;
  Mark mark;
  Mark key_mark;               // members of a map only
  std::string key;             // members of a map only
  std::string text;            // scalars only
  std::vector<Node> children;  // a list's items or a map's members, in the order of the text

  bool is_map() const { return kind == Kind::map; }
  bool is_list() const { return kind == Kind::list; }
  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind < Kind::list; }
  const Node* find(std::string_view name) const;  // the member of that key, or nullptr
};

// For messages: "a list", "a string", …; and a node by its text if it has one. A text is fit for
// one line, whatever is in it.
std::string_view to_string(Node::Kind kind);
std::string quoted(const Node& node);
std::string quoted(std::string_view text);

struct Tree {
  Node root;
  Problems problems;  // what is wrong inside this document, such as a key given twice
};

// Hands over each document of the file that is not empty, in order. JSON if the name ends in .json
// or, unless it ends in .yaml or .yml, if the text starts with { or [. What cannot be parsed at all
// is in the returned problems; the YAML documents behind the next "---" are still read.
Problems read_trees(std::string_view file_name, std::string_view text,
                    const std::function<void(Tree&&)>& each);

}  // namespace resources
