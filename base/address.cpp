#include "base/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/hash.hpp"

namespace base {
namespace {

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (status != std::errc{} || end != text.data() + text.size() || port > 65535)
    return invalid("\"" + std::string(text) + "\" is not a port (0 to 65535)");
  return static_cast<std::uint16_t>(port);
}

struct Split {
  std::string_view host, port;
};

// "[v6]:port" or "host:port"; a bare IPv6 address is ambiguous and refused.
Result<Split> split_host_port(std::string_view text) {
  if (text.starts_with('[')) {
    const auto close = text.find("]:");
    const auto host = text.substr(1, close == text.npos ? 0 : close - 1);
    if (host.find(':') == host.npos || !IpAddress::parse(host))
      return invalid("\"" + std::string(text) + "\" is not [ipv6]:port");
    return Split{host, text.substr(close + 2)};
  }
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0)
    return invalid("\"" + std::string(text) + "\" has no port: write host:port");
  if (text.find(':') != colon)
    return invalid("\"" + std::string(text) + "\": write an IPv6 address as [address]:port");
  return Split{text.substr(0, colon), text.substr(colon + 1)};
}

// As inet_pton reads it, in a quarter of the time: a million endpoints' rows are called by theirs.
std::optional<std::uint32_t> parse_v4(std::string_view text) {
  std::uint32_t ip = 0;
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at == text.size() || text[at++] != '.')) return std::nullopt;
    const auto first = at;
    unsigned octet = 0;
    for (; at < text.size() && at < first + 3 && text[at] >= '0' && text[at] <= '9'; ++at)
      octet = 10 * octet + static_cast<unsigned>(text[at] - '0');
    const bool padded = at > first + 1 && text[first] == '0';
    if (at == first || padded || octet > 255) return std::nullopt;
    ip = ip << 8 | octet;
  }
  return at == text.size() ? std::optional(ip) : std::nullopt;
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress ip;
  for (int i = 0; i < 4; ++i)
    ip.bytes_[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return ip;
}

IpAddress IpAddress::v4(std::span<const std::uint8_t, 4> network_order) {
  IpAddress ip;
  std::copy(network_order.begin(), network_order.end(), ip.bytes_.begin());
  return ip;
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> network_order) {
  static constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(kMapped.begin(), kMapped.end(), network_order.begin()))
    return v4(network_order.subspan<12, 4>());
  IpAddress ip;
  ip.v4_ = false;
  std::copy(network_order.begin(), network_order.end(), ip.bytes_.begin());
  return ip;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  if (const auto ip = parse_v4(text)) return v4(*ip);
  const std::string terminated(text);
  std::array<std::uint8_t, 16> bytes{};
  if (text.find('\0') != text.npos) return invalid("an IP address holds no NUL");
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return v6(bytes);
  return invalid("\"" + terminated + "\" is not an IP address");
}

Result<IpAddress> IpAddress::from_bytes(std::span<const std::uint8_t> network_order) {
  if (network_order.size() == 4) return v4(network_order.first<4>());
  if (network_order.size() == 16) return v6(network_order.first<16>());
  return invalid("an address has 4 or 16 bytes, not " + std::to_string(network_order.size()));
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto b) { return b == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::is_unspecified() const {
  return std::all_of(bytes_.begin(), bytes_.end(), [](auto b) { return b == 0; });
}

bool IpAddress::is_multicast() const { return v4_ ? bytes_[0] >> 4 == 0xe : bytes_[0] == 0xff; }

bool IpAddress::is_link_local() const {
  return v4_ ? bytes_[0] == 169 && bytes_[1] == 254 : bytes_[0] == 0xfe && bytes_[1] >> 6 == 2;
}

char* IpAddress::to_chars(char* to) const {
  static_assert(kMostText == INET6_ADDRSTRLEN);
  if (!v4_) {
    inet_ntop(AF_INET6, bytes_.data(), to, kMostText);
    return to + std::strlen(to);
  }
  // glibc's goes through sprintf, which showed in profiles.
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) *to++ = '.';
    to = std::to_chars(to, to + 3, bytes_[i]).ptr;
  }
  return to;
}

std::string IpAddress::to_string() const {
  char text[kMostText];
  return {text, to_chars(text)};
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
  const auto split = split_host_port(text);
  if (!split) return split.error();
  const auto ip = IpAddress::parse(split->host);
  if (!ip) return ip.error();
  const auto port = parse_port(split->port);
  if (!port) return port.error();
  return SocketAddress{*ip, *port};
}

std::string SocketAddress::to_string() const {
  const auto host = ip.to_string();
  return (ip.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(port);
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos) return invalid("\"" + std::string(text) + "\" is not address/bits");
  const auto ip = IpAddress::parse(text.substr(0, slash));
  if (!ip) return ip.error();
  const auto bits = parse_port(text.substr(slash + 1));
  if (!bits || *bits > ip->bytes().size() * 8)
    return invalid("\"" + std::string(text) + "\" has a prefix that is too long");
  const auto bytes = ip->bytes();
  for (std::size_t bit = *bits; bit < bytes.size() * 8; ++bit)
    if (bytes[bit / 8] >> (7 - bit % 8) & 1)
      return invalid("\"" + std::string(text) + "\" has bits set behind the prefix");
  return Cidr{*ip, static_cast<std::uint8_t>(*bits)};
}

bool Cidr::contains(const IpAddress& ip) const {
  if (ip.is_v4() != network.is_v4()) return false;
  const auto ours = network.bytes(), theirs = ip.bytes();
  const std::size_t whole = prefix_length / 8u, rest = prefix_length % 8u;
  if (!std::equal(ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(whole), theirs.begin()))
    return false;
  return rest == 0 || (ours[whole] ^ theirs[whole]) >> (8 - rest) == 0;
}

std::string Cidr::to_string() const {
  return network.to_string() + "/" + std::to_string(prefix_length);
}

Result<HostPort> HostPort::parse(std::string_view text) {
  const auto split = split_host_port(text);
  if (!split) return split.error();
  const auto port = parse_port(split->port);
  if (!port) return port.error();
  return HostPort{std::string(split->host), *port};
}

std::string HostPort::to_string() const {
  return (host.find(':') == host.npos ? host : "[" + host + "]") + ":" + std::to_string(port);
}

}  // namespace base

std::size_t std::hash<base::IpAddress>::operator()(const base::IpAddress& ip) const noexcept {
  return base::hash64(ip.bytes());
}

std::size_t std::hash<base::SocketAddress>::operator()(
    const base::SocketAddress& address) const noexcept {
  return base::hash64(address.ip.bytes(), address.port);
}
