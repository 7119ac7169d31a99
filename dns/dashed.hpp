// An address as a label: "10-0-0-5", "fd00--1". No Kubernetes service can be called so.
//
// Each address has one label (RFC 5952 with dashes for dots and colons), and a zero in front where
// that would begin with a dash: no host name does. Thread: pure; allocates nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/address.hpp"

namespace dns {

inline constexpr std::size_t kMaxDashed = 40;

class Dashed {
 public:
  explicit Dashed(std::span<const std::uint8_t> address);  // 4 or 16 bytes
  std::string_view text() const { return {text_.data() + 1, length_ - 1}; }
  // With its length in front.
  std::span<const std::uint8_t> label() const {
    return {reinterpret_cast<const std::uint8_t*>(text_.data()), length_};
  }

 private:
  void put(char c) { text_[length_++] = c; }
  void put_decimals(std::span<const std::uint8_t> address);
  void put_hex(unsigned group);
  void put_groups(std::span<const std::uint8_t> address);

  std::array<char, 1 + kMaxDashed> text_;
  std::size_t length_ = 1;
};

// Nothing when the label is not exactly what Dashed makes of an address.
std::optional<base::IpAddress> parse_dashed(std::string_view label);

}  // namespace dns
