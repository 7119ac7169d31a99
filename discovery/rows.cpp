#include "discovery/rows.hpp"

#include <algorithm>
#include <array>
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
  const auto text = [](const std::array<char, 8>& bytes) {
    return std::string_view(bytes.data(), bytes.size());
  };
  const auto versioned = base::bytes_of(version), length = base::bytes_of(key.size());
  return base::digest({"r", text(versioned), text(length), key, value});
}

}  // namespace

std::uint64_t key_hash(std::string_view key) { return base::digest({key}).high; }

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
  struct Entry {
    std::uint64_t hash = 0, version = 0;
    base::Hash128 digest;
    std::uint32_t at = 0, value_size = 0;
    std::uint16_t key_size = 0;
  };
  base::Hash128 digest;
  std::size_t rows = 0, bytes = 0;
  NodePointer branches[2];     // by the next bit
  std::vector<Entry> entries;  // of a leaf, by (hash, key)
  base::Bytes text;            // their keys and values

  bool is_leaf() const { return !branches[0] && !branches[1]; }
  std::string_view key(const Entry& entry) const {
    return std::string_view(text).substr(entry.at, entry.key_size);
  }
  RowView view(const Entry& entry) const {
    return {key(entry), std::string_view(text).substr(entry.at + entry.key_size, entry.value_size),
            entry.version};
  }
};

Rows::NodePointer Rows::leaf(std::span<const Item> items) {
  auto node = std::make_shared<Node>();
  node->rows = items.size();
  for (const auto& item : items) node->bytes += item.key.size() + item.value.size();
  node->text.reserve(node->bytes);
  node->entries.reserve(items.size());
  std::string digests = "l";
  digests.reserve(1 + items.size() * sizeof(base::Hash128));
  for (const auto& item : items) {
    node->entries.push_back({item.hash, item.version, item.digest,
                             static_cast<std::uint32_t>(node->text.size()),
                             static_cast<std::uint32_t>(item.value.size()),
                             static_cast<std::uint16_t>(item.key.size())});
    node->text.append(item.key).append(item.value);
    base::append(digests, item.digest);
  }
  node->digest = base::digest({digests});
  return node;
}

Rows::NodePointer Rows::join(NodePointer zero, NodePointer one) {
  auto node = std::make_shared<Node>();
  std::string digests = "b";
  digests.reserve(1 + 2 * sizeof(base::Hash128));
  for (const auto* branch : {zero.get(), one.get()}) {
    node->rows += branch ? branch->rows : 0;
    node->bytes += branch ? branch->bytes : 0;
    base::append(digests, branch ? branch->digest : base::Hash128{});
  }
  node->digest = base::digest({digests});
  node->branches[0] = std::move(zero);
  node->branches[1] = std::move(one);
  return node;
}

Rows::NodePointer Rows::build(std::span<const Item> items, unsigned depth) {
  if (items.empty()) return nullptr;
  if (items.size() <= kRowsPerLeaf || depth == kHashBits) return leaf(items);
  const auto half = middle(items, depth);
  return join(build(items.first(half), depth + 1), build(items.subspan(half), depth + 1));
}

void Rows::collect(const Node* leaf, std::vector<Item>& items) {
  if (!leaf) return;
  for (const auto& entry : leaf->entries) {
    const auto row = leaf->view(entry);
    items.push_back({entry.hash, row.key, row.value, row.version, entry.digest});
  }
}

std::vector<Rows::Item> Rows::merge(const Node* leaf, std::span<const Edit> edits) {
  std::vector<Item> old, items;
  old.reserve(leaf ? leaf->rows : 0);
  collect(leaf, old);
  items.reserve(old.size() + edits.size());
  auto at = old.begin();
  for (const auto& edit : edits) {
    const auto before = [&](const Item& item) {
      return std::tuple(item.hash, item.key) < std::tuple(edit.hash, edit.key());
    };
    for (; at != old.end() && before(*at); ++at) items.push_back(*at);
    if (at != old.end() && at->key == edit.key()) ++at;
    const auto& row = *edit.row;
    if (!row.removed)
      items.push_back({edit.hash, row.key, row.value, row.version,
                       row_digest(row.key, row.version, row.value)});
  }
  items.insert(items.end(), at, old.end());
  return items;
}

Rows::NodePointer Rows::edit(const NodePointer& node, unsigned depth, std::span<const Edit> edits) {
  if (edits.empty()) return node;
  if (!node || node->is_leaf()) return build(merge(node.get(), edits), depth);
  const auto half = middle(edits, depth);
  auto zero = edit(node->branches[0], depth + 1, edits.first(half));
  auto one = edit(node->branches[1], depth + 1, edits.subspan(half));
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

Rows Rows::with(std::span<const Row> changes) const {
  std::vector<Edit> edits;
  edits.reserve(changes.size());
  for (const auto& row : changes) edits.push_back({key_hash(row.key), &row});
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
  collect(node, items);
  for (const auto& branch : node->branches) collect_all(branch.get(), items);
}

// Where both divide alike their halves are compared, each with what stands at the same place.
void Rows::compare(const Node* before, const Node* after, Difference& difference) {
  if (before == after || (before && after && before->digest == after->digest)) return;
  if (before && after && !before->is_leaf() && !after->is_leaf()) {
    for (const int half : {0, 1})
      compare(before->branches[half].get(), after->branches[half].get(), difference);
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
  for (unsigned depth = 0; node && !node->is_leaf(); ++depth)
    node = node->branches[bit(hash, depth)].get();
  if (!node) return std::nullopt;
  for (const auto& entry : node->entries)
    if (entry.hash == hash && is(*node, entry)) return node->view(entry);
  return std::nullopt;
}

std::optional<RowView> Rows::find(std::string_view key) const {
  return find_if(key_hash(key),
                 [&](const Node& leaf, const auto& entry) { return leaf.key(entry) == key; });
}

std::optional<RowView> Rows::find(std::uint64_t hash, std::uint64_t version) const {
  return find_if(hash, [&](const Node&, const auto& entry) { return entry.version == version; });
}

Rows::Cursor::Cursor(const Rows& rows) {
  if (rows.root_) ahead_.push_back(rows.root_.get());
}

std::optional<RowView> Rows::Cursor::next() {
  while (!ahead_.empty()) {
    const auto* node = ahead_.back();
    if (entry_ < node->entries.size()) return node->view(node->entries[entry_++]);
    ahead_.pop_back();
    entry_ = 0;
    for (const auto* branch : {node->branches[1].get(), node->branches[0].get()})
      if (branch) ahead_.push_back(branch);
  }
  return std::nullopt;
}

}  // namespace discovery
