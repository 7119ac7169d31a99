// One origin's live rows, as their owner changes them: chunks sorted by key, copied only when
// somebody else may hold them. rows() hands out what is there now; nothing handed out ever changes.
//
// Invariant: rows rise by key through all chunks; no chunk is empty or longer than 2 *
// kRowsPerChunk. Thread: control only; what rows() returns may go anywhere.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "discovery/rows.hpp"

namespace discovery {

class RowTable {
 public:
  RowPointer find(std::string_view key) const;  // null = none
  // Both return the row that was there before.
  RowPointer put(RowPointer row);
  RowPointer erase(std::string_view key);
  std::size_t size() const { return size_; }
  Rows rows();

 private:
  struct Slot {
    std::shared_ptr<RowChunk> chunk;
    std::uint64_t made = 0;  // the epoch; while it lasts nobody else holds the chunk
  };
  std::size_t slot_of(std::string_view key) const;  // the chunk that holds it or would
  RowChunk& writable(std::size_t slot);
  void split(std::size_t slot);

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
  std::uint64_t epoch_ = 0;  // grows when rows() hands the chunks out
  Rows current_;
  bool changed_ = false;  // since current_ was made
};

}  // namespace discovery
