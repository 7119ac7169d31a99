#include "dns/index.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/hash.hpp"

namespace dns {
namespace {

std::size_t shard_of(std::uint64_t hash, std::size_t shards) { return hash >> 40 & (shards - 1); }
std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }

}  // namespace

template <class Is>
const Node* Shard::walk(std::uint64_t hash, Is it) const {
  if (slots_.empty()) return nullptr;
  const auto tag = tag_of(hash);
  for (std::size_t i = hash & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[i];
    if (slot.node == 0) return nullptr;
    if (slot.tag != tag) continue;
    const Node& node = nodes_[slot.node - 1];
    if (it(node)) return &node;
  }
}

bool Shard::is_called(const Node& node, std::span<const std::uint8_t> name) const {
  return node.name_length == name.size() &&
         std::memcmp(names_.data() + node.name, name.data(), name.size()) == 0;
}

const Node* Shard::find(std::uint64_t hash, std::span<const std::uint8_t> name) const {
  return walk(hash, [&](const Node& node) { return is_called(node, name); });
}

void Shard::fetch_slot(std::uint64_t hash) const {
  if (!slots_.empty()) __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
}

const Node* Shard::fetch_node(std::uint64_t hash) const {
  const Node* node = walk(hash, [](const Node&) { return true; });
  if (node) __builtin_prefetch(node);
  return node;
}

Node& Shard::add(std::uint64_t hash, std::span<const std::uint8_t> name) {
  Node node{.hash = hash,
            .name = static_cast<std::uint32_t>(names_.size()),
            .name_length = static_cast<std::uint8_t>(name.size())};
  names_.insert(names_.end(), name.begin(), name.end());
  nodes_.push_back(std::move(node));
  if (2 * nodes_.size() > slots_.size())
    resize(std::bit_ceil(2 * nodes_.size()));
  else
    put(static_cast<std::uint32_t>(nodes_.size()));
  return nodes_.back();
}

void Shard::remove(const Node& node) {
  const auto gone = nodes_.begin() + (&node - nodes_.data());
  const auto name = names_.begin() + gone->name;
  for (auto& other : nodes_)
    if (other.name > gone->name) other.name -= gone->name_length;
  names_.erase(name, name + gone->name_length);
  nodes_.erase(gone);
  resize(slots_.size());
}

void Shard::put(std::uint32_t node) {
  const auto hash = nodes_[node - 1].hash;
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].node != 0) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {tag_of(hash), node};
}

void Shard::resize(std::size_t slots) {
  slots_.assign(slots, {});
  for (std::uint32_t node = 1; node <= nodes_.size(); ++node) put(node);
}

std::size_t Shard::bytes() const {
  std::size_t all =
      sizeof *this + slots_.size() * sizeof(Slot) + nodes_.size() * sizeof(Node) + names_.size();
  for (const auto& node : nodes_) all += node.host ? node.host->bytes() : 0;
  return all;
}

const Node* Index::find(std::span<const std::uint8_t> name, const Step* ahead) const {
  if (ahead && ahead->leads_to(name)) return ahead->node_;
  if (shards_.empty()) return nullptr;
  const auto hash = base::hash64(name);
  return shards_[shard_of(hash, shards_.size())]->find(hash, name);
}

Index::Step Index::approach(std::span<const std::uint8_t> name) const {
  Step step;
  if (shards_.empty()) return step;
  step.hash_ = base::hash64(name);
  step.shard_ = shards_[shard_of(step.hash_, shards_.size())].get();
  step.shard_->fetch_slot(step.hash_);
  return step;
}

void Index::Step::fetch_host() {
  if (!node_) return;
  shard_->fetch_name(*node_);
  host_ = node_->host.get();
  if (host_) host_->fetch();
}

bool Index::Step::fetch_parts() const {
  if (host_) host_->fetch_parts();
  return host_ != nullptr;
}

std::size_t Index::bytes() const {
  std::size_t all = shards_.size() * sizeof shards_[0];
  for (const auto& shard : shards_) all += shard->bytes();
  return all;
}

IndexWriter::IndexWriter(std::size_t names) {
  const auto shards = std::bit_floor(static_cast<std::size_t>(std::sqrt(names)) | 1);
  for (std::size_t i = 0; i < shards; ++i) {
    auto shard = std::make_shared<Shard>();
    own_.push_back(shard.get());
    index_.shards_.push_back(std::move(shard));
  }
}

IndexWriter::IndexWriter(const Index& before) : index_(before), own_(before.shards()) {}

Shard& IndexWriter::own(std::uint64_t hash) {
  const auto at = shard_of(hash, own_.size());
  if (!own_[at]) {
    auto copy = std::make_shared<Shard>(*index_.shards_[at]);
    own_[at] = copy.get();
    index_.shards_[at] = std::move(copy);
  }
  return *own_[at];
}

Node* IndexWriter::find(std::span<const std::uint8_t> name) {
  const auto hash = base::hash64(name);
  return own(hash).find(hash, name);
}

Node& IndexWriter::add(std::span<const std::uint8_t> name) {
  const auto hash = base::hash64(name);
  return own(hash).add(hash, name);
}

void IndexWriter::remove(std::span<const std::uint8_t> name) {
  const auto hash = base::hash64(name);
  auto& shard = own(hash);
  shard.remove(*shard.find(hash, name));
}

}  // namespace dns
