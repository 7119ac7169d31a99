// The client subnet option (ECS, RFC 7871): whom a forwarder asks for, as far as it says.
//
// Read strictly (§6): a known family, no scope in a query, exactly the bytes of the prefix, zero
// bits behind it. Thread: values and pure functions; allocates nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/address.hpp"

namespace dns {

struct ClientSubnet {
  static constexpr std::size_t kMaxOption = 4 + 4 + 16;  // with its head

  bool is_v6 = false;
  std::uint8_t source_bits = 0;
  std::array<std::uint8_t, 16> address{};

  std::uint8_t most_bits() const { return is_v6 ? 128 : 32; }
  // The first address of the subnet.
  base::IpAddress ip() const;
  std::size_t option_size() const { return 8 + (source_bits + 7u) / 8; }
  // As an option that says for how many bits of the address the answer holds.
  void write(std::span<std::uint8_t> out, std::uint8_t scope_bits) const;
};

// Of the option's data; nothing when it is malformed.
std::optional<ClientSubnet> read_client_subnet(std::span<const std::uint8_t> data);

}  // namespace dns
