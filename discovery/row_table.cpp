#include "discovery/row_table.hpp"

#include <algorithm>

namespace discovery {
namespace {

auto position(std::vector<RowPointer>& rows, std::string_view key) {
  return std::lower_bound(rows.begin(), rows.end(), key,
                          [](const RowPointer& row, std::string_view k) { return row->key < k; });
}

}  // namespace

std::size_t RowTable::slot_of(std::string_view key) const {
  const auto after = std::upper_bound(
      slots_.begin(), slots_.end(), key,
      [](std::string_view k, const Slot& slot) { return k < slot.chunk->rows.front()->key; });
  return after == slots_.begin() ? 0 : static_cast<std::size_t>(after - slots_.begin()) - 1;
}

RowPointer RowTable::find(std::string_view key) const {
  if (slots_.empty()) return nullptr;
  auto& rows = slots_[slot_of(key)].chunk->rows;
  const auto at = position(rows, key);
  return at != rows.end() && (*at)->key == key ? *at : nullptr;
}

RowChunk& RowTable::writable(std::size_t slot) {
  changed_ = true;
  auto& [chunk, made] = slots_[slot];
  if (made != epoch_) {
    chunk = std::make_shared<RowChunk>(*chunk);
    made = epoch_;
  }
  return *chunk;
}

void RowTable::split(std::size_t slot) {
  auto& rows = slots_[slot].chunk->rows;
  auto upper = std::make_shared<RowChunk>();
  // Rows that come by rising key fill chunks to the end; others leave room on both sides.
  const auto at = rows.begin() + static_cast<std::ptrdiff_t>(
                                     slot + 1 == slots_.size() ? kRowsPerChunk : rows.size() / 2);
  upper->rows.assign(at, rows.end());
  rows.erase(at, rows.end());
  slots_.insert(slots_.begin() + static_cast<std::ptrdiff_t>(slot) + 1,
                Slot{std::move(upper), epoch_});
}

RowPointer RowTable::put(RowPointer row) {
  if (slots_.empty()) slots_.push_back({std::make_shared<RowChunk>(), epoch_});
  const auto slot = slots_.front().chunk->rows.empty() ? 0 : slot_of(row->key);
  auto& rows = writable(slot).rows;
  const auto at = position(rows, row->key);
  if (at != rows.end() && (*at)->key == row->key) return std::exchange(*at, std::move(row));
  rows.insert(at, std::move(row));
  ++size_;
  if (rows.size() > kRowsPerChunk + kRowsPerChunk / 2) split(slot);
  return nullptr;
}

RowPointer RowTable::erase(std::string_view key) {
  if (!find(key)) return nullptr;
  const auto slot = slot_of(key);
  auto& rows = writable(slot).rows;
  const auto at = position(rows, key);
  auto old = std::move(*at);
  rows.erase(at);
  --size_;
  if (rows.empty()) slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(slot));
  return old;
}

Rows RowTable::rows() {
  if (changed_) {
    Rows::Chunks chunks;
    chunks.reserve(slots_.size());
    for (const auto& slot : slots_) chunks.push_back(slot.chunk);
    current_ = Rows(std::move(chunks));
    changed_ = false;
    ++epoch_;
  }
  return current_;
}

}  // namespace discovery
