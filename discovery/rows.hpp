// The live rows of one origin as immutable, shared chunks of ~64 rows: a change makes one new
// chunk, not a new copy.
//
// Equal chunk pointers mean equal rows: who keeps something per chunk can tell what changed by
// comparing pointers. Thread: values; the chunks and rows are immutable and shared.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "discovery/origin.hpp"

namespace discovery {

inline constexpr std::size_t kRowsPerChunk = 64;

using RowPointer = std::shared_ptr<const Row>;

struct RowChunk {
  std::vector<RowPointer> rows;  // by key; never empty
};

class Rows {
 public:
  using Chunks = std::vector<std::shared_ptr<const RowChunk>>;

  Rows() = default;
  explicit Rows(Chunks chunks) : chunks_(std::make_shared<const Chunks>(std::move(chunks))) {
    for (const auto& chunk : *chunks_) size_ += chunk->rows.size();
  }

  const Chunks& chunks() const {
    static const Chunks none;
    return chunks_ ? *chunks_ : none;
  }
  std::size_t size() const { return size_; }
  template <class F>
  void for_each(F&& f) const {
    for (const auto& chunk : chunks())
      for (const auto& row : chunk->rows) f(*row);
  }

 private:
  std::shared_ptr<const Chunks>
      chunks_;  // shared by the catalog and every publication until the next change
  std::size_t size_ = 0;
};

}  // namespace discovery
