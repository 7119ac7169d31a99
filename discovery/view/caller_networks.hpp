// Where callers are whose addresses are no known endpoints': networks to which an operator gives a
// locality, and from them the class of an address.
//
// The longest network that holds an address decides. Thread: immutable once made; finding allocates
// nothing. Cost: a search for each length of prefix in use.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/locality.hpp"

namespace discovery::view {

struct CallerNetwork {
  base::Cidr network;
  base::Locality locality;
  friend bool operator==(const CallerNetwork&, const CallerNetwork&) = default;
};

class NetworkClasses {
 public:
  struct Entry {
    base::Cidr network;
    std::uint16_t class_ = 0;
  };
  NetworkClasses() = default;
  explicit NetworkClasses(std::vector<Entry> entries);

  bool empty() const { return entries_.empty(); }
  // Of the networks at most `longest` bits long; null when none holds the address.
  const Entry* find(const base::IpAddress& ip, std::uint8_t longest = 128) const;
  // How many bits of an address decide what find() says of it: no address that shares them is in a
  // longer network than the one found, which has `found` bits.
  std::uint8_t deciding_bits(const base::IpAddress& ip, std::uint8_t found) const;

 private:
  std::vector<Entry> entries_;         // by family and network, shorter ones first
  std::vector<std::uint8_t> v4_, v6_;  // lengths in use, longest first
};

}  // namespace discovery::view
