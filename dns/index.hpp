// The names that are put into the table: hosts, name servers, apexes, and all between a name and
// the apex of its zone. What is derived from a host is not here.
//
// A hash table cut into shards by the name's hash; a new index shares with the one before it every
// shard in which nothing has changed. Invariant: a name's ancestors up to the apex of its zone are
// here (so a missing name is NXDOMAIN and an empty non-terminal is not, RFC 8020). Thread: an Index
// is immutable; an IndexWriter is the builder's. Cost: a change copies one shard, some √n names.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dns/host.hpp"

namespace dns {

struct Node {
  std::shared_ptr<const Host> host{};  // null for an apex, or where there are only names below
  std::uint64_t hash = 0;
  std::uint32_t name = 0;  // its wire form in the shard's names
  std::uint32_t zone = 0;
  std::uint32_t children = 0;  // nodes directly below, in this zone or as another one's apex
  std::uint8_t name_length = 0;
  bool apex = false;
};

class Shard {
 public:
  const Node* find(std::uint64_t hash, std::span<const std::uint8_t> name) const;
  Node* find(std::uint64_t hash, std::span<const std::uint8_t> name) {
    return const_cast<Node*>(std::as_const(*this).find(hash, name));
  }
  Node& add(std::uint64_t hash, std::span<const std::uint8_t> name);
  void remove(const Node& node);
  std::size_t bytes() const;  // with its hosts

  // For Index::Step: what find() will read is asked for, and not waited for.
  void fetch_slot(std::uint64_t hash) const;
  // The node that it will most likely find; null when it will find none.
  const Node* fetch_node(std::uint64_t hash) const;
  // Most names take two lines.
  void fetch_name(const Node& node) const {
    __builtin_prefetch(names_.data() + node.name);
    __builtin_prefetch(names_.data() + node.name + node.name_length - 1);
  }
  bool is_called(const Node& node, std::span<const std::uint8_t> name) const;

 private:
  struct Slot {
    std::uint32_t tag = 0, node = 0;  // node counts from 1; 0 = free
  };
  // The first of this hash, as far as its tag tells, that is `it`.
  template <class Is>
  const Node* walk(std::uint64_t hash, Is it) const;
  void put(std::uint32_t node);
  void resize(std::size_t slots);

  std::vector<Slot> slots_;  // a power of two, at most half full
  std::vector<Node> nodes_;
  std::vector<std::uint8_t> names_;
};

class Index {
 public:
  std::size_t shards() const { return shards_.size(); }
  std::size_t bytes() const;  // with its hosts

  // The way to a name's host, a step at a time: each asks for the memory that the next one reads
  // (fetch_ahead.hpp). In this order; the first is taken by approach().
  class Step {
   public:
    Step() = default;
    void fetch_node() { node_ = shard_ ? shard_->fetch_node(hash_) : nullptr; }
    void fetch_host();
    bool fetch_parts() const;  // true when there is a host
    bool leads_to(std::span<const std::uint8_t> name) const {
      return node_ && shard_->is_called(*node_, name);
    }

   private:
    friend class Index;
    const Shard* shard_ = nullptr;
    const Node* node_ = nullptr;
    const Host* host_ = nullptr;
    std::uint64_t hash_ = 0;
  };
  Step approach(std::span<const std::uint8_t> lower_case_wire_name) const;
  // Null when the name was not put here. `ahead`: steps that may have been taken to it already, or
  // to another.
  const Node* find(std::span<const std::uint8_t> lower_case_wire_name,
                   const Step* ahead = nullptr) const;

 private:
  friend class IndexWriter;
  std::vector<std::shared_ptr<const Shard>> shards_;  // a power of two, or none
};

class IndexWriter {
 public:
  explicit IndexWriter(std::size_t names);  // about so many
  explicit IndexWriter(const Index& before);

  // To be changed: its shard is copied. Valid until the next add() or remove().
  Node* find(std::span<const std::uint8_t> name);
  Node& add(std::span<const std::uint8_t> name);  // which is not there
  void remove(std::span<const std::uint8_t> name);
  // To be read only.
  const Node* peek(std::span<const std::uint8_t> name) const { return index_.find(name); }

  Index finish() && { return std::move(index_); }

 private:
  Shard& own(std::uint64_t hash);

  Index index_;
  std::vector<Shard*> own_;  // null: shared with the index before
};

}  // namespace dns
