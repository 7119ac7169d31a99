// The live rows of one origin as immutable, shared chunks of ~64 rows: a change makes one new chunk, not a new copy.
//
// Thread: values; the chunks are immutable and shared.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "discovery/origin.hpp"

namespace discovery {

inline constexpr std::size_t kRowsPerChunk = 64;

struct RowChunk {
  std::vector<Row> rows;  // by key; never empty
};

class Rows {
 public:
  Rows() = default;
  explicit Rows(std::vector<std::shared_ptr<const RowChunk>> chunks) : chunks_(std::move(chunks)) {}

  const std::vector<std::shared_ptr<const RowChunk>>& chunks() const { return chunks_; }
  std::size_t size() const {
    std::size_t total = 0;
    for (const auto& chunk : chunks_) total += chunk->rows.size();
    return total;
  }
  template <class F>
  void for_each(F&& f) const {
    for (const auto& chunk : chunks_)
      for (const auto& row : chunk->rows) f(row);
  }

 private:
  std::vector<std::shared_ptr<const RowChunk>> chunks_;
};

}  // namespace discovery
