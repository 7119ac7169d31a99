// The live rows of one origin at one version: an immutable tree over the bits of the keys' hashes,
// which is index, digest and unit of sharing in one.
//
// A set of up to kRowsPerLeaf rows is a leaf, a larger one splits by the next bit of the hash; so
// the shape, and with it the digest at the root, depends on the rows alone and not on the way to
// them. with() copies the path to what changed and shares the rest: publishing costs a pointer, a
// change costs a leaf. The digest is a Merkle tree's (docs/PROTOCOL.md §1): who has the same root
// has the same rows. Thread: values; what is shared is immutable.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "discovery/origin.hpp"

namespace discovery {

inline constexpr std::size_t kRowsPerLeaf = 16;

// A row where it lies; valid as long as its Rows.
struct RowView {
  std::string_view key, value;
  std::uint64_t version = 0;

  Row copy() const { return {base::Bytes(key), version, base::Bytes(value), false}; }
};

// Where a key lies: rows are in order of (key_hash, key).
std::uint64_t key_hash(std::string_view key);
std::vector<std::uint64_t> key_hashes(std::span<const Row> rows);  // of each

class Rows {
 public:
  Rows() = default;
  // Of texts that lie elsewhere; of several of a key the one with the highest version counts.
  static Rows of(std::span<const RowView> rows);
  // With these written and, where `removed`, taken out. Of several changes of a key the one with
  // the highest version counts.
  Rows with(std::span<const Row> changes) const;
  Rows with(std::span<const Row> changes, std::span<const std::uint64_t> key_hashes) const;

  std::size_t size() const;   // rows
  std::size_t bytes() const;  // of keys and values
  base::Hash128 hash() const;
  std::optional<RowView> find(std::string_view key) const;
  std::optional<RowView> find(std::uint64_t key_hash, std::uint64_t version) const;
  std::optional<RowView> find(const base::Hash128& key_digest) const;  // base::digest() of the key
  // Both are what one of them was made from, or the other was: true is certain, false says nothing.
  bool same(const Rows& other) const { return root_ == other.root_; }

  // What leads from one state to another: what is gone, and what was written; a row that changed is
  // in both. Costs what differs. The views are valid as long as `before` and `after`.
  struct Difference {
    std::vector<RowView> gone, written;  // in the order of rows
  };
  static Difference between(const Rows& before, const Rows& after);

  template <class F>
  void for_each(F&& f) const {
    for (Cursor at(*this); const auto row = at.next();) f(*row);
  }

 private:
  struct Node;
  struct Branch;
  struct Leaf;
  using NodePointer = std::shared_ptr<const Node>;
  struct Item;
  struct Edit;

 public:
  // Goes through the rows in their order. Keeps nothing alive.
  class Cursor {
   public:
    explicit Cursor(const Rows& rows);
    std::optional<RowView> next();

   private:
    std::vector<const Node*> ahead_;  // the last is where we are
    std::size_t entry_ = 0;
  };

 private:
  explicit Rows(NodePointer root) : root_(std::move(root)) {}
  static NodePointer join(NodePointer zero, NodePointer one);
  static NodePointer build(std::span<const Item> items, unsigned depth);
  static NodePointer edit(const NodePointer& node, unsigned depth, std::span<const Edit> edits);
  static void collect(const Node* leaf, std::vector<Item>& items);  // null: none
  static void collect_all(const Node* node, std::vector<Item>& items);
  static std::vector<Item> merge(const Node* leaf, std::span<const Edit> edits);
  static void compare(const Node* before, const Node* after, Difference& difference);
  template <class Is>
  std::optional<RowView> find_if(std::uint64_t hash, Is is) const;

  NodePointer root_;  // null: no rows
};

}  // namespace discovery
