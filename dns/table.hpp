// Every name that this agent answers for, with its records in wire form: what a query is answered
// from.
//
// A name is found by the hash of its lower-case wire form. It has one block for all callers, or one
// for each class of callers, of which equal ones are stored once. A block holds at most four
// RRsets, each cut into tiers; a tier's records are ready to be copied behind the question: their
// owner is the pointer to it, so the client's case is kept.
//
// Invariants: the name of every record and all its ancestors up to the apex of its zone are in the
// table (so a missing name is NXDOMAIN and an empty non-terminal is not, RFC 8020); an RRset with
// tiers has shares that end at 2^64-1. Thread: immutable, published to the workers. Source: dns.md
// §9.2.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/address.hpp"
#include "dns/message.hpp"

namespace dns {

struct Slice {
  std::uint32_t offset = 0, length = 0;  // in the table's bytes
};

// An RR with its additional records (the addresses of an SRV target) right behind it.
struct Record {
  std::uint32_t offset = 0;
  std::uint16_t length = 0;
  std::uint16_t glue_length = 0;
  std::uint32_t weight = 1;
};

struct Tier {
  std::uint64_t until = ~std::uint64_t{0};  // a random word up to here draws this tier
  std::uint32_t first = 0, count = 0;       // records
  std::uint16_t index = 0;                  // of the selection's tiers
  std::uint16_t quota = 0;                  // records in one answer
  std::uint32_t heaviest = 0;               // the largest weight; 0 = all weigh the same
  bool stale = false;                       // holds an endpoint of a silent cluster
  Slice ede{};                              // an extended error to go with it
};

struct RrSet {
  enum class Order : std::uint8_t {
    one_tier,     // A, AAAA: members of one tier, shuffled
    by_priority,  // SRV: the tier drawn first, then the others as fall-backs
    as_written,   // TXT
  };
  std::uint32_t first = 0;  // tiers
  std::uint16_t tiers = 0;
  Order order = Order::one_tier;
};

// What one name answers to one class of callers.
struct Block {
  RrSet a, aaaa, srv, txt;
  std::uint32_t negative_ttl = ~0u;  // at most the zone's
  bool fail_open = false;
  // Addresses are SERVFAIL: the forwarder is the door and has none, or what has none here may have
  // some in a cluster that is not heard yet.
  bool not_ready = false;
  Slice ede{};  // goes with whatever is answered when the tier has none

  bool empty() const { return !a.tiers && !aaaa.tiers && !srv.tiers && !txt.tiers && !not_ready; }
};

// SOA and NS of a zone. Their names end in pointers to the apex, which stands at another place in
// every question.
struct ApexRecord {
  Slice bytes;
  std::array<std::uint16_t, 3> pointers{};  // places in it of two-byte pointers to the apex …
  std::uint8_t pointer_count = 0;           // … so many of them
};

struct Zone {
  std::uint8_t apex_length = 0;  // wire form
  std::uint32_t ttl = 0, negative_ttl = 0;
  ApexRecord soa, ns;
  Slice ns_glue;  // address records of the name server; their owner is to be pointed at its name
};

struct Node {
  std::uint32_t name = 0;  // offset of its wire form in the table's bytes
  std::uint8_t name_length = 0;
  bool apex = false;
  bool by_class = false;
  std::uint32_t zone = 0;
  std::uint32_t first_block = 0;  // in block_of_class

  // An empty non-terminal: nothing was put here, only below.
  bool only_ancestor() const { return first_block == 0 && !apex; }
};

class Table {
 public:
  // Null when the name does not exist.
  const Node* find(std::span<const std::uint8_t> lower_case_wire_name) const;
  // The zone that owns a name, existing or not; null when it is none of ours.
  const Zone* find_zone(std::span<const std::uint8_t> lower_case_wire_name) const;
  const Zone& zone(const Node& node) const { return zones_[node.zone]; }
  const Block& block(const Node& node, std::uint16_t caller_class) const {
    return blocks_[block_of_class_[node.first_block + (node.by_class ? caller_class : 0)]];
  }
  std::uint16_t class_of(const base::IpAddress& caller) const;

  std::span<const Tier> tiers(const RrSet& set) const { return {&tiers_[set.first], set.tiers}; }
  std::span<const Record> records(const Tier& tier) const {
    return {records_.data() + tier.first, tier.count};
  }
  std::span<const std::uint8_t> bytes(Slice slice) const {
    return {bytes_.data() + slice.offset, slice.length};
  }

  bool synced() const { return synced_; }  // false: unknown names may yet turn up
  // TXT records for `version.bind` and `id.server` in class CH (RFC 4892); empty = refused.
  std::span<const std::uint8_t> chaos_version() const { return bytes(chaos_version_); }
  std::span<const std::uint8_t> chaos_identity() const { return bytes(chaos_identity_); }
  // What could not be served and why, for status: names too long, a name claimed twice.
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  friend class TableWriter;
  struct Slot {
    std::uint32_t tag = 0, node = 0;  // node counts from 1; 0 = free
  };

  bool synced_ = false;
  std::vector<Slot> slots_;  // a power of two, at most half full
  std::vector<Node> nodes_;
  std::vector<Zone> zones_;
  std::vector<std::uint32_t> block_of_class_;
  std::vector<Block> blocks_;
  std::vector<Tier> tiers_;
  std::vector<Record> records_;
  std::vector<std::uint8_t> bytes_;
  std::unordered_map<base::IpAddress, std::uint16_t> class_of_;
  Slice chaos_version_, chaos_identity_;
  std::vector<std::string> problems_;
};

}  // namespace dns
