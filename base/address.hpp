// IP addresses, address:port pairs and CIDR ranges as values with one text form each (RFC 5952 for
// IPv6).
//
// An IPv4-mapped IPv6 address parses to IPv4: one peer is one value whichever socket saw it.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace base {

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  static IpAddress v4(std::uint32_t host_order);
  static IpAddress v4(std::span<const std::uint8_t, 4> network_order);
  static IpAddress v6(std::span<const std::uint8_t, 16> network_order);
  static Result<IpAddress> parse(std::string_view text);
  // 4 or 16 bytes in network order; anything else is an error.
  static Result<IpAddress> from_bytes(std::span<const std::uint8_t> network_order);

  bool is_v4() const { return v4_; }
  bool is_v6() const { return !v4_; }
  bool is_loopback() const;
  bool is_unspecified() const;
  bool is_multicast() const;   // 224.0.0.0/4, ff00::/8
  bool is_link_local() const;  // 169.254.0.0/16, fe80::/10
  std::span<const std::uint8_t> bytes() const { return {bytes_.data(), v4_ ? 4u : 16u}; }
  std::string to_string() const;
  // The same to where there is room for kMostText; returns where it ends.
  static constexpr std::size_t kMostText = 46;
  char* to_chars(char* to) const;

  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  bool v4_ = true;
  std::array<std::uint8_t, 16> bytes_{};
};

struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;

  // "10.0.0.1:80", "[::1]:80".
  static Result<SocketAddress> parse(std::string_view text);
  std::string to_string() const;
  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

struct Cidr {
  IpAddress network;
  std::uint8_t prefix_length = 0;

  static Result<Cidr> parse(std::string_view text);  // bits behind the prefix must be zero
  bool contains(const IpAddress& ip) const;
  std::string to_string() const;
  friend bool operator==(const Cidr&, const Cidr&) = default;
};

// "name:port" or "ip:port", unresolved: what an operator writes for a peer.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  static Result<HostPort> parse(std::string_view text);
  std::string to_string() const;
  friend auto operator<=>(const HostPort&, const HostPort&) = default;
  friend bool operator==(const HostPort&, const HostPort&) = default;
};

}  // namespace base

template <>
struct std::hash<base::IpAddress> {
  std::size_t operator()(const base::IpAddress& ip) const noexcept;
};
template <>
struct std::hash<base::SocketAddress> {
  std::size_t operator()(const base::SocketAddress& address) const noexcept;
};
