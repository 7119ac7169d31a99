// A host's arrays while they are filled: texts, members in their bands, tiers by share.
//
// Thread: the builder's; buffers are kept from one host to the next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "dns/host.hpp"
#include "dns/message.hpp"

namespace dns {

// Places and sizes in a host's arrays are 32 bits.
inline std::uint32_t size32(std::size_t size) { return static_cast<std::uint32_t>(size); }

// Something with an address on its way into a band.
struct Item {
  const base::IpAddress* ip = nullptr;
  std::uint32_t weight = 1;
  OptionNumber stale = 0;
  std::uint32_t member = 0;  // what it becomes: add_band() says
};

struct Drawn {
  Tier tier;
  double share = 1;
};

class HostPartsWriter {
 public:
  void clear();
  HostParts& parts() { return parts_; }
  // What is the same for all is not kept.
  const HostParts& finish();

  std::uint32_t put_text(std::string_view wire);
  OptionNumber put_option(Ede code, std::string_view text);

  // The members that the items are; an address of several, as where two services share an
  // endpoint, is one, with the first one's weight (no record twice, RFC 2181 §5.2).
  Band add_band(std::span<Item> items);
  // A tier of these members: their weights and whether one is stale.
  Tier tier_of(Range members, std::size_t index) const;
  // Tiers in the order of the draw, shares brought to 1; where none has any, the first has all.
  Range put_tiers(std::vector<Drawn>& drawn);

 private:
  void add_to_last(Item& item);

  HostParts parts_;
  std::vector<std::uint64_t> v4_;  // address and place among the items
  std::vector<std::pair<V6, std::size_t>> v6_;
};

}  // namespace dns
