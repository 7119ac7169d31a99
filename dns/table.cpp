#include "dns/table.hpp"

#include <cstring>

#include "base/hash.hpp"
#include "dns/name.hpp"

namespace dns {

const Node* Table::find(std::span<const std::uint8_t> name) const {
  if (slots_.empty()) return nullptr;
  const std::uint64_t hash = base::hash64(name);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t i = hash & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[i];
    if (slot.node == 0) return nullptr;
    if (slot.tag != tag) continue;
    const Node& node = nodes_[slot.node - 1];
    if (node.name_length == name.size() &&
        std::memcmp(bytes_.data() + node.name, name.data(), name.size()) == 0)
      return &node;
  }
}

const Zone* Table::find_zone(std::span<const std::uint8_t> name) const {
  while (true) {
    if (const Node* node = find(name)) return &zone(*node);
    if (name[0] == 0) return nullptr;
    name = parent_of(name);
  }
}

std::uint16_t Table::class_of(const base::IpAddress& caller) const {
  if (class_of_.empty()) return 0;
  const auto found = class_of_.find(caller);
  return found == class_of_.end() ? 0 : found->second;
}

}  // namespace dns
