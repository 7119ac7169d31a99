#include "forwarder/slot_map.hpp"

#include <algorithm>
#include <utility>

namespace forwarder {
namespace {

std::size_t hash_of(const base::SocketAddress& address) {
  return std::hash<base::SocketAddress>()(address);
}

constexpr std::size_t kSmallest = 16;

}  // namespace

// Where the address stands in the index, or would.
std::size_t SlotMap::find(const base::SocketAddress& address) const {
  const auto mask = index_.size() - 1;
  auto at = hash_of(address) & mask;
  while (index_[at] != 0 && slots_[index_[at] - 1].address != address) at = (at + 1) & mask;
  return at;
}

void SlotMap::grow() {
  const auto before = std::exchange(index_, {});
  index_.resize(std::max(kSmallest, 2 * before.size()));
  for (const auto entry : before)
    if (entry != 0) index_[find(slots_[entry - 1].address)] = entry;
}

SlotId SlotMap::hold(const base::SocketAddress& address) {
  if (2 * (slots_.size() + 1) > index_.size()) grow();
  const auto at = find(address);
  if (index_[at] != 0) {
    ++holds_[index_[at] - 1];
    return index_[at] - 1;
  }
  auto id = static_cast<SlotId>(slots_.size());
  if (free_.empty()) {
    slots_.push_back({address, 0});
    holds_.push_back(1);
    since_.push_back(now_);
  } else {
    id = free_.back();
    free_.pop_back();
    slots_[id] = {address, slots_[id].generation + 1};
    holds_[id] = 1;
    since_[id] = now_;
  }
  index_[at] = id + 1;
  return id;
}

void SlotMap::release(SlotId id) {
  if (--holds_[id] == 0) released_.push_back(id);
}

// Who stands behind it and would have stood here moves up.
void SlotMap::forget(SlotId id) {
  const auto mask = index_.size() - 1;
  auto hole = find(slots_[id].address);
  for (auto at = (hole + 1) & mask; index_[at] != 0; at = (at + 1) & mask) {
    const auto home = hash_of(slots_[index_[at] - 1].address) & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    index_[hole] = index_[at];
    hole = at;
  }
  index_[hole] = 0;
}

void SlotMap::end_table() {
  std::ranges::sort(released_);
  const auto repeated = std::ranges::unique(released_);
  released_.erase(repeated.begin(), repeated.end());
  for (const auto id : released_) {
    if (holds_[id] > 0) continue;  // somebody else has taken it since
    forget(id);
    free_.push_back(id);
  }
  released_.clear();
}

}  // namespace forwarder
