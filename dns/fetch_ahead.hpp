// Brings near what the queries of a batch will be answered from.
//
// A table of very many hosts fits into no cache, and on the way from a name to its host's answer
// there are a few lines of memory, each found only by the one before. One query waits for each of
// them; many take a step each, and wait together. Nothing here decides anything: it reads what the
// answer will read, as far as a name asked for is a host's, or one of its services', and the answer
// need not find again what was found.
//
// Protocol: add() each query of a batch, fetch(), then steps() for each. Allocates nothing. Thread:
// a value of the worker's; the table is held by whoever calls.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dns/table.hpp"

namespace dns {

class FetchAhead {
 public:
  static constexpr std::size_t kMost = 64;  // queries; more are not fetched for

  explicit FetchAhead(const Table& table) : index_(table.index()) {}

  // A smaller table is near anyway.
  static bool is_worth_it(const Table& table) { return table.index().shards() >= kManyShards; }
  void add(std::span<const std::uint8_t> query);
  // Returns how many hosts it came to.
  std::size_t fetch();
  // To the n-th query's host; null where none were taken.
  const Index::Step* steps(std::size_t n) const { return n < count_ ? &steps_[n] : nullptr; }

 private:
  static constexpr std::size_t kManyShards = 64;  // some 4,000 names

  const Index& index_;
  std::array<Index::Step, kMost> steps_;
  std::size_t count_ = 0;
};

}  // namespace dns
