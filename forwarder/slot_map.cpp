#include "forwarder/slot_map.hpp"

#include <algorithm>

namespace forwarder {

std::uint64_t SlotMap::begin_table() { return ++table_; }

SlotId SlotMap::id_of(const base::SocketAddress& address) {
  const auto [found, inserted] = ids_.try_emplace(address, SlotId{0});
  if (!inserted) {
    last_used_[found->second] = table_;
    return found->second;
  }
  if (free_.empty()) {
    found->second = static_cast<SlotId>(slots_.size());
    slots_.push_back({address, 0});
    last_used_.push_back(table_);
  } else {
    found->second = free_.back();
    free_.pop_back();
    slots_[found->second] = {address, slots_[found->second].generation + 1};
    last_used_[found->second] = table_;
  }
  return found->second;
}

void SlotMap::end_table() {
  const auto dropped = static_cast<std::ptrdiff_t>(free_.size());
  std::erase_if(ids_, [this](const auto& entry) {
    if (last_used_[entry.second] == table_) return false;
    free_.push_back(entry.second);
    return true;
  });
  std::sort(free_.begin() + dropped, free_.end());  // the map's order is not the same everywhere
}

}  // namespace forwarder
