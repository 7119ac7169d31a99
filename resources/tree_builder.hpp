// Builds a Tree from a parser's events: the one place where YAML and JSON become the same thing.
//
// Limits and duplicate keys are checked here. After `failed()` the document is lost and its reader
// must stop.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "resources/tree.hpp"

namespace resources {

class TreeBuilder {
 public:
  using Anchor = std::size_t;  // 0 = none

  explicit TreeBuilder(std::string file) : file_(std::move(file)) {}

  // False from any of these: the document is lost, and problems() ends with the reason.
  bool scalar(Mark mark, std::string text, Node::Kind kind, bool quoted, Anchor anchor = 0);
  bool open(Mark mark, Node::Kind kind, Anchor anchor = 0);
  bool close();
  bool alias(Mark mark, Anchor anchor);

  bool failed() const { return failed_; }
  Tree take();
  bool fail(Mark mark, std::string message, std::string hint = "");

 private:
  struct Open {
    Node node;
    Anchor anchor = 0;
    bool has_key = false;
    Node key;                              // a map's key that waits for its value
    std::unordered_set<std::string> keys;  // filled once a map is too large to be searched
  };

  bool add(Node node, Anchor anchor);
  bool spend(const Node& copied);
  bool add_key(const Node& key);
  void merge(Node& map, Node&& from, std::unordered_set<std::string>& keys);
  bool has_key(Open& map, const std::string& key);
  void complain(Severity severity, Mark mark, std::string message, std::string hint);
  std::string path() const;

  const std::string file_;
  Tree tree_;
  std::vector<Open> open_;
  std::unordered_map<Anchor, Node> anchors_;
  std::size_t alias_bytes_ = 0;  // held for anchors and added by aliases
  bool failed_ = false;
};

// The kind of a plain (unquoted) scalar by YAML 1.2's core schema.
Node::Kind plain_kind(std::string_view text);

}  // namespace resources
