#include "discovery/view/caller_networks.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>

namespace discovery::view {
namespace {

base::IpAddress first_of(const base::IpAddress& ip, std::uint8_t bits) {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(ip.bytes(), bytes.begin());
  if (bits % 8 != 0) bytes[bits / 8u] &= static_cast<std::uint8_t>(0xff << (8 - bits % 8));
  std::fill(bytes.begin() + (bits + 7) / 8, bytes.end(), std::uint8_t{0});
  return ip.is_v4() ? base::IpAddress::v4(std::span(bytes).first<4>()) : base::IpAddress::v6(bytes);
}

std::uint8_t common_bits(const base::IpAddress& a, const base::IpAddress& b) {
  std::uint8_t bits = 0;
  for (std::size_t i = 0; i < a.bytes().size(); ++i, bits = static_cast<std::uint8_t>(bits + 8)) {
    const auto differing = static_cast<std::uint8_t>(a.bytes()[i] ^ b.bytes()[i]);
    if (differing) return static_cast<std::uint8_t>(bits + std::countl_zero(differing));
  }
  return bits;
}

bool comes_before(const NetworkClasses::Entry& a, const NetworkClasses::Entry& b) {
  return a.network.network != b.network.network ? a.network.network < b.network.network
                                                : a.network.prefix_length < b.network.prefix_length;
}

}  // namespace

NetworkClasses::NetworkClasses(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::ranges::sort(entries_, comes_before);
  for (const auto& [network, _] : entries_)
    (network.network.is_v4() ? v4_ : v6_).push_back(network.prefix_length);
  for (auto* lengths : {&v4_, &v6_}) {
    std::ranges::sort(*lengths, std::greater<>());
    lengths->erase(std::unique(lengths->begin(), lengths->end()), lengths->end());
  }
}

const NetworkClasses::Entry* NetworkClasses::find(const base::IpAddress& ip,
                                                  std::uint8_t longest) const {
  for (const auto length : ip.is_v4() ? v4_ : v6_) {
    if (length > longest) continue;
    const Entry wanted{{first_of(ip, length), length}, 0};
    const auto found = std::ranges::lower_bound(entries_, wanted, comes_before);
    if (found != entries_.end() && found->network == wanted.network) return &*found;
  }
  return nullptr;
}

// Of all networks that do not hold the address, one of its two neighbours shares most bits with it.
std::uint8_t NetworkClasses::deciding_bits(const base::IpAddress& ip, std::uint8_t found) const {
  auto bits = found;
  const auto look = [&](const Entry& entry) {
    const bool other_family = entry.network.network.is_v4() != ip.is_v4();
    if (!other_family && entry.network.contains(ip) && entry.network.prefix_length <= found)
      return false;  // around it
    if (!other_family)
      bits = std::max(
          bits, static_cast<std::uint8_t>(std::min<int>(common_bits(ip, entry.network.network) + 1,
                                                        entry.network.prefix_length)));
    return true;
  };
  const Entry here{{ip, 0}, 0};
  const auto after = std::ranges::lower_bound(entries_, here, comes_before);
  for (auto at = after; at != entries_.end() && !look(*at);) ++at;
  for (auto at = after; at != entries_.begin() && !look(*--at);) {
  }
  return bits;
}

}  // namespace discovery::view
