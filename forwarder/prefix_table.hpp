// Finds every stored key that a text begins with, longest first, without a look at the others.
//
// Keys are kept sorted, each with a link to the longest other key that it begins with. Every key
// that a text begins with is also a beginning of the greatest key not above the text, so one binary
// search and a walk along the links find them all. O(|text| log n) for the search and a step for
// each link. Thread: immutable after seal().
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace forwarder {

class PrefixTable {
 public:
  struct Node {
    std::string key;
    std::vector<std::uint32_t> values;  // in the order they were added
    std::int32_t shorter = -1;
  };

  void add(std::string_view key, std::uint32_t value) {
    auto found = unsealed_.find(key);
    if (found == unsealed_.end()) found = unsealed_.emplace(std::string(key), Values{}).first;
    found->second.push_back(value);
  }

  void seal() {
    std::int32_t last = -1;
    for (auto& [key, values] : unsealed_) {
      while (last >= 0 && !key.starts_with(nodes_[static_cast<std::size_t>(last)].key))
        last = nodes_[static_cast<std::size_t>(last)].shorter;
      nodes_.push_back({key, std::move(values), last});
      last = static_cast<std::int32_t>(nodes_.size()) - 1;
    }
    unsealed_.clear();
  }

  // The longest key that `text` begins with; null when there is none.
  const Node* longest(std::string_view text) const {
    const auto above =
        std::upper_bound(nodes_.begin(), nodes_.end(), text,
                         [](std::string_view t, const Node& n) { return t < n.key; });
    if (above == nodes_.begin()) return nullptr;
    const Node* node = &*std::prev(above);
    while (node && !text.starts_with(node->key)) node = shorter(*node);
    return node;
  }
  // The next shorter key that `node`'s key begins with.
  const Node* shorter(const Node& node) const {
    return node.shorter < 0 ? nullptr : &nodes_[static_cast<std::size_t>(node.shorter)];
  }
  bool empty() const { return nodes_.empty(); }

 private:
  using Values = std::vector<std::uint32_t>;
  std::map<std::string, Values, std::less<>> unsealed_;
  std::vector<Node> nodes_;
};

}  // namespace forwarder
