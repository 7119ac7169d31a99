#include "discovery/rows.hpp"

#include <algorithm>
#include <new>
#include <tuple>

#include "base/digest.hpp"

namespace discovery {
namespace {

constexpr unsigned kHashBits = 64;

bool bit(std::uint64_t hash, unsigned depth) { return hash >> (kHashBits - 1 - depth) & 1; }

// Where those begin whose bit is set, among sorted ones that share the bits before it.
template <class T>
std::size_t middle(std::span<const T> sorted, unsigned depth) {
  const auto at = std::partition_point(sorted.begin(), sorted.end(),
                                       [&](const T& one) { return !bit(one.hash, depth); });
  return static_cast<std::size_t>(at - sorted.begin());
}

// Each kind of text begins with a letter of its own, so that none can be taken for another.
base::Hash128 row_digest(std::string_view key, std::uint64_t version, std::string_view value) {
  base::DigestText<1 + 2 * 8> head('r');
  return base::digest({head.add(version).add(key.size()), key, value});
}

}  // namespace

std::uint64_t key_hash(std::string_view key) { return base::digest({key}).high; }

std::vector<std::uint64_t> key_hashes(std::span<const Row> rows) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(rows.size());
  for (const auto& row : rows) hashes.push_back(key_hash(row.key));
  return hashes;
}

// A row on its way into a leaf; its texts lie elsewhere.
struct Rows::Item {
  std::uint64_t hash = 0;
  std::string_view key, value;
  std::uint64_t version = 0;
  base::Hash128 digest;
};

struct Rows::Edit {
  std::uint64_t hash = 0;
  const Row* row = nullptr;

  std::string_view key() const { return row->key; }
};

struct Rows::Node {
  base::Hash128 digest;
  std::size_t bytes = 0;
  std::uint32_t rows = 0;
  const bool is_leaf;

  const Branch& branch() const;
  const Leaf& leaf() const;

 protected:
  explicit Node(bool leaf) : is_leaf(leaf) {}
};

struct Rows::Branch : Node {
  Branch() : Node(false) {}
  NodePointer halves[2];  // by the next bit
};

// Its entries by (hash, key), and behind them, in the same piece of memory, their keys and values.
struct Rows::Leaf : Node {
  struct Entry {
    std::uint64_t hash = 0, version = 0;
    base::Hash128 digest;
    std::uint32_t at = 0, value_size = 0;
    std::uint16_t key_size = 0;
  };
  explicit Leaf(std::span<const Item> items);

  std::span<const Entry> entries() const {
    return {reinterpret_cast<const Entry*>(memory.get()), rows};
  }
  std::string_view key(const Entry& entry) const {
    return {memory.get() + entry.at, entry.key_size};
  }
  RowView view(const Entry& entry) const {
    return {
        key(entry), {memory.get() + entry.at + entry.key_size, entry.value_size}, entry.version};
  }
  Item item(const Entry& entry) const {
    const auto row = view(entry);
    return {entry.hash, row.key, row.value, row.version, entry.digest};
  }
  std::unique_ptr<char[]> memory;
};

inline const Rows::Branch& Rows::Node::branch() const { return static_cast<const Branch&>(*this); }
inline const Rows::Leaf& Rows::Node::leaf() const { return static_cast<const Leaf&>(*this); }

Rows::Leaf::Leaf(std::span<const Item> items) : Node(true) {
  rows = static_cast<std::uint32_t>(items.size());
  for (const auto& item : items) bytes += item.key.size() + item.value.size();
  const auto head = items.size() * sizeof(Entry);
  memory = std::make_unique_for_overwrite<char[]>(head + bytes);
  auto* entry = memory.get();
  auto* text = memory.get() + head;
  std::string digests = "l";
  digests.reserve(1 + items.size() * sizeof(base::Hash128));
  for (const auto& item : items) {
    new (entry) Entry{item.hash,
                      item.version,
                      item.digest,
                      static_cast<std::uint32_t>(text - memory.get()),
                      static_cast<std::uint32_t>(item.value.size()),
                      static_cast<std::uint16_t>(item.key.size())};
    entry += sizeof(Entry);
    text = std::copy(item.key.begin(), item.key.end(), text);
    text = std::copy(item.value.begin(), item.value.end(), text);
    base::append(digests, item.digest);
  }
  digest = base::digest({digests});
}

Rows::NodePointer Rows::join(NodePointer zero, NodePointer one) {
  auto node = std::make_shared<Branch>();
  base::DigestText<1 + 2 * 16> digests('b');
  for (const auto* half : {zero.get(), one.get()}) {
    node->rows += half ? half->rows : 0;
    node->bytes += half ? half->bytes : 0;
    digests.add(half ? half->digest : base::Hash128{});
  }
  node->digest = base::digest({digests});
  node->halves[0] = std::move(zero);
  node->halves[1] = std::move(one);
  return node;
}

Rows::NodePointer Rows::build(std::span<const Item> items, unsigned depth) {
  if (items.empty()) return nullptr;
  if (items.size() <= kRowsPerLeaf || depth == kHashBits) return std::make_shared<Leaf>(items);
  const auto half = middle(items, depth);
  return join(build(items.first(half), depth + 1), build(items.subspan(half), depth + 1));
}

void Rows::collect(const Node* node, std::vector<Item>& items) {
  if (!node) return;
  const auto& leaf = node->leaf();
  for (const auto& entry : leaf.entries()) items.push_back(leaf.item(entry));
}

std::vector<Rows::Item> Rows::merge(const Node* node, std::span<const Edit> edits) {
  static const Leaf none{{}};
  const auto& leaf = node ? node->leaf() : none;
  std::vector<Item> items;
  items.reserve(leaf.rows + edits.size());
  auto at = leaf.entries().begin();
  const auto end = leaf.entries().end();
  for (const auto& edit : edits) {
    const auto before = [&](const Leaf::Entry& entry) {
      return entry.hash != edit.hash ? entry.hash < edit.hash : leaf.key(entry) < edit.key();
    };
    for (; at != end && before(*at); ++at) items.push_back(leaf.item(*at));
    if (at != end && at->hash == edit.hash && leaf.key(*at) == edit.key()) ++at;
    const auto& row = *edit.row;
    if (!row.removed)
      items.push_back({edit.hash, row.key, row.value, row.version,
                       row_digest(row.key, row.version, row.value)});
  }
  for (; at != end; ++at) items.push_back(leaf.item(*at));
  return items;
}

Rows::NodePointer Rows::edit(const NodePointer& node, unsigned depth, std::span<const Edit> edits) {
  if (edits.empty()) return node;
  if (!node || node->is_leaf) return build(merge(node.get(), edits), depth);
  const auto& [old_zero, old_one] = node->branch().halves;
  const auto half = middle(edits, depth);
  auto zero = edit(old_zero, depth + 1, edits.first(half));
  auto one = edit(old_one, depth + 1, edits.subspan(half));
  if ((zero ? zero->rows : 0) + (one ? one->rows : 0) > kRowsPerLeaf)
    return join(std::move(zero), std::move(one));
  std::vector<Item> items;  // so few rows are leaves already
  collect(zero.get(), items);
  collect(one.get(), items);
  return build(items, depth);
}

Rows Rows::of(std::span<const RowView> rows) {
  std::vector<Item> items;
  items.reserve(rows.size());
  for (const auto& row : rows)
    items.push_back({key_hash(row.key), row.key, row.value, row.version,
                     row_digest(row.key, row.version, row.value)});
  std::ranges::sort(items, [](const Item& a, const Item& b) {
    return std::tuple(a.hash, a.key, b.version) < std::tuple(b.hash, b.key, a.version);
  });
  const auto repeated = std::ranges::unique(items, {}, &Item::key);
  items.erase(repeated.begin(), repeated.end());
  return Rows(build(items, 0));
}

Rows Rows::with(std::span<const Row> changes) const { return with(changes, key_hashes(changes)); }

Rows Rows::with(std::span<const Row> changes, std::span<const std::uint64_t> hashes) const {
  std::vector<Edit> edits;
  edits.reserve(changes.size());
  for (std::size_t n = 0; n < changes.size(); ++n) edits.push_back({hashes[n], &changes[n]});
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    return std::tuple(a.hash, a.key(), b.row->version) <
           std::tuple(b.hash, b.key(), a.row->version);
  });
  const auto same_key = [](const Edit& a, const Edit& b) { return a.key() == b.key(); };
  edits.erase(std::unique(edits.begin(), edits.end(), same_key), edits.end());
  return Rows(edit(root_, 0, edits));
}

void Rows::collect_all(const Node* node, std::vector<Item>& items) {
  if (!node) return;
  if (node->is_leaf) return collect(node, items);
  for (const auto& half : node->branch().halves) collect_all(half.get(), items);
}

// Where both divide alike their halves are compared, each with what stands at the same place.
void Rows::compare(const Node* before, const Node* after, Difference& difference) {
  if (before == after || (before && after && before->digest == after->digest)) return;
  if (before && after && !before->is_leaf && !after->is_leaf) {
    for (const int half : {0, 1})
      compare(before->branch().halves[half].get(), after->branch().halves[half].get(), difference);
    return;
  }
  std::vector<Item> old, now;
  old.reserve(before ? before->rows : 0);
  now.reserve(after ? after->rows : 0);
  collect_all(before, old);
  collect_all(after, now);
  const auto view = [](const Item& item) { return RowView{item.key, item.value, item.version}; };
  const auto place = [](const Item& item) { return std::tuple(item.hash, item.key); };
  for (auto a = old.begin(), b = now.begin(); a != old.end() || b != now.end();) {
    const bool takes_old = b == now.end() || (a != old.end() && place(*a) <= place(*b));
    const bool takes_new = a == old.end() || (b != now.end() && place(*b) <= place(*a));
    const bool same = takes_old && takes_new && a->digest == b->digest;
    if (takes_old && !same) difference.gone.push_back(view(*a));
    if (takes_new && !same) difference.written.push_back(view(*b));
    if (takes_old) ++a;
    if (takes_new) ++b;
  }
}

Rows::Difference Rows::between(const Rows& before, const Rows& after) {
  Difference difference;
  compare(before.root_.get(), after.root_.get(), difference);
  return difference;
}

std::size_t Rows::size() const { return root_ ? root_->rows : 0; }
std::size_t Rows::bytes() const { return root_ ? root_->bytes : 0; }
base::Hash128 Rows::hash() const { return root_ ? root_->digest : base::Hash128{}; }

// The one row of this hash for which `is(leaf, entry)` holds.
template <class Is>
std::optional<RowView> Rows::find_if(std::uint64_t hash, Is is) const {
  const auto* node = root_.get();
  for (unsigned depth = 0; node && !node->is_leaf; ++depth)
    node = node->branch().halves[bit(hash, depth)].get();
  if (!node) return std::nullopt;
  const auto& leaf = node->leaf();
  for (const auto& entry : leaf.entries())
    if (entry.hash == hash && is(leaf, entry)) return leaf.view(entry);
  return std::nullopt;
}

std::optional<RowView> Rows::find(std::string_view key) const {
  return find_if(key_hash(key),
                 [&](const Leaf& leaf, const auto& entry) { return leaf.key(entry) == key; });
}

std::optional<RowView> Rows::find(std::uint64_t hash, std::uint64_t version) const {
  return find_if(hash, [&](const Leaf&, const auto& entry) { return entry.version == version; });
}

std::optional<RowView> Rows::find(const base::Hash128& digest) const {
  return find_if(digest.high, [&](const Leaf& leaf, const auto& entry) {
    return base::digest({leaf.key(entry)}) == digest;
  });
}

Rows::Cursor::Cursor(const Rows& rows) {
  if (rows.root_) ahead_.push_back(rows.root_.get());
}

std::optional<RowView> Rows::Cursor::next() {
  while (!ahead_.empty()) {
    const auto* node = ahead_.back();
    if (node->is_leaf && entry_ < node->leaf().rows)
      return node->leaf().view(node->leaf().entries()[entry_++]);
    ahead_.pop_back();
    entry_ = 0;
    if (node->is_leaf) continue;
    const auto& [zero, one] = node->branch().halves;
    for (const auto* half : {one.get(), zero.get()})
      if (half) ahead_.push_back(half);
  }
  return std::nullopt;
}

}  // namespace discovery
