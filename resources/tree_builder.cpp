#include "resources/tree_builder.hpp"

#include <algorithm>

namespace resources {
namespace {

constexpr std::size_t kSearchedKeys = 16;  // larger maps find a key given twice by hash

std::size_t weight(const Node& node) {
  std::size_t bytes = sizeof(Node) + node.key.size() + node.text.size();
  for (const Node& child : node.children) bytes += weight(child);
  return bytes;
}

}  // namespace

bool TreeBuilder::fail(Mark mark, std::string message, std::string hint) {
  if (!failed_) complain(Severity::error, mark, std::move(message), std::move(hint));
  failed_ = true;
  return false;
}

void TreeBuilder::complain(Severity severity, Mark mark, std::string message, std::string hint) {
  tree_.problems.push_back(
      {severity, {file_, mark.line, mark.column}, "", path(), std::move(message), std::move(hint)});
}

bool TreeBuilder::scalar(Mark mark, std::string text, Node::Kind kind, bool quoted, Anchor anchor) {
  Node node;
  node.kind = kind;
  node.quoted = quoted;
  node.mark = mark;
  node.text = std::move(text);
  return add(std::move(node), anchor);
}

bool TreeBuilder::open(Mark mark, Node::Kind kind, Anchor anchor) {
  if (open_.size() >= kMaxDepth) {
    return fail(mark, "more than " + std::to_string(kMaxDepth) + " levels deep");
  }
  if (!open_.empty() && open_.back().node.is_map() && !open_.back().has_key) {
    return fail(mark, "a key that is " + std::string(to_string(kind)),
                "keys are plain text; quote a value that starts with { or [");
  }
  Open level;
  level.node.kind = kind;
  level.node.mark = mark;
  level.anchor = anchor;
  open_.push_back(std::move(level));
  return true;
}

bool TreeBuilder::close() {
  Open level = std::move(open_.back());
  open_.pop_back();
  if (level.node.find("<<")) {
    // Members under << come last, so that the map's own members win.
    auto& members = level.node.children;
    const auto merged = std::stable_partition(
        members.begin(), members.end(),
        [](const Node& member) { return member.key != "<<" || member.is_scalar(); });
    std::vector<Node> sources(std::make_move_iterator(merged),
                              std::make_move_iterator(members.end()));
    members.erase(merged, members.end());
    std::unordered_set<std::string> keys;
    for (const Node& member : members) keys.insert(member.key);
    for (Node& source : sources) merge(level.node, std::move(source), keys);
  }
  return add(std::move(level.node), level.anchor);
}

bool TreeBuilder::alias(Mark mark, Anchor anchor) {
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) return fail(mark, "an alias inside the value it stands for");
  return spend(found->second) && add(found->second, 0);
}

Tree TreeBuilder::take() {
  Tree tree = std::move(tree_);
  tree_ = {};
  open_.clear();
  anchors_.clear();
  alias_bytes_ = 0;
  failed_ = false;
  return tree;
}

bool TreeBuilder::spend(const Node& copied) {
  alias_bytes_ += weight(copied);
  if (alias_bytes_ <= kMaxAliasBytes) return true;
  return fail(copied.mark, "anchors and aliases make more than " + std::to_string(kMaxAliasBytes) +
                               " bytes of this document");
}

bool TreeBuilder::add(Node node, Anchor anchor) {
  if (failed_) return false;
  if (anchor != 0) {
    if (!spend(node)) return false;
    anchors_.insert_or_assign(anchor, node);
  }
  if (open_.empty()) {
    tree_.root = std::move(node);
    return true;
  }
  Open& level = open_.back();
  if (level.node.is_map()) {
    if (!level.has_key) return add_key(node);
    node.key = std::move(level.key.text);
    node.key_mark = level.key.mark;
    level.has_key = false;
  }
  level.node.children.push_back(std::move(node));
  return true;
}

bool TreeBuilder::add_key(const Node& key) {
  if (!key.is_scalar() || key.is_null()) {
    return fail(key.mark, "a key that is " + std::string(to_string(key.kind)),
                "keys are plain text");
  }
  Open& level = open_.back();
  const bool twice = has_key(level, key.text);
  level.key = key;
  level.has_key = true;
  if (twice) {
    const Node* first = level.node.find(key.text);
    complain(Severity::error, key.mark,
             quoted(key) + " is given twice" +
                 (first ? ", first on line " + std::to_string(first->key_mark.line) : ""),
             "keep one of them");
  }
  return true;
}

bool TreeBuilder::has_key(Open& map, const std::string& key) {
  const auto& members = map.node.children;
  if (members.size() < kSearchedKeys) return map.node.find(key) != nullptr;
  if (map.keys.empty()) {
    for (const Node& member : members) map.keys.insert(member.key);
  }
  return !map.keys.insert(key).second;
}

void TreeBuilder::merge(Node& map, Node&& from, std::unordered_set<std::string>& keys) {
  if (from.is_list()) {
    for (Node& source : from.children) merge(map, std::move(source), keys);
    return;
  }
  if (!from.is_map()) {
    complain(Severity::error, from.mark, "<< takes a map or a list of maps", "");
    return;
  }
  for (Node& member : from.children) {
    if (keys.insert(member.key).second) map.children.push_back(std::move(member));
  }
}

std::string TreeBuilder::path() const {
  std::string path;
  for (const Open& level : open_) {
    if (level.node.is_list()) {
      path += '[' + std::to_string(level.node.children.size()) + ']';
    } else if (level.has_key) {
      if (!path.empty()) path += '.';
      path += level.key.text;
    }
  }
  return path;
}

}  // namespace resources
