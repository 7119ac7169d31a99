// What each byte may be in HTTP/1.1: one table, one lookup a byte.
//
// Source: RFC 9110 §5.6.2 (token), §5.5 (field value), RFC 9112 §3.2 (target), RFC 3986 §3.2.2
// (host, narrowed to DNS names and addresses: a host with percent signs or sub-delims can't be
// routed and only confuses the next hop). Thread: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/ascii.hpp"

namespace forwarder::http {

enum Class : std::uint8_t {
  kToken = 1,       // method and field names
  kFieldByte = 2,   // SP, HTAB, VCHAR, obs-text
  kTargetByte = 4,  // VCHAR without '#': a fragment never reaches the wire
  kHostByte = 8,    // letters, digits, "-._~"
  kDigit = 16,
};

namespace detail {

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto mark = [&](unsigned byte, unsigned bits) {
    classes[byte] = static_cast<std::uint8_t>(classes[byte] | bits);
  };
  for (unsigned c = 0x21; c < 0x7f; ++c) mark(c, kFieldByte | (c == '#' ? 0 : kTargetByte));
  for (unsigned c = 0x80; c < 0x100; ++c) mark(c, kFieldByte);
  mark(' ', kFieldByte);
  mark('\t', kFieldByte);
  for (unsigned c = '0'; c <= '9'; ++c) mark(c, kToken | kHostByte | kDigit);
  for (unsigned c = 'a'; c <= 'z'; ++c) mark(c, kToken | kHostByte);
  for (unsigned c = 'A'; c <= 'Z'; ++c) mark(c, kToken | kHostByte);
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    mark(static_cast<unsigned char>(c), kToken);
  for (const char c : std::string_view("-._~")) mark(static_cast<unsigned char>(c), kHostByte);
  return classes;
}

inline constexpr auto kClasses = make_classes();

}  // namespace detail

constexpr bool is(char byte, Class wanted) {
  return (detail::kClasses[static_cast<unsigned char>(byte)] & wanted) != 0;
}

// Every byte of a non-empty text is of the class.
constexpr bool all(std::string_view text, Class wanted) {
  for (const char byte : text) {
    if (!is(byte, wanted)) return false;
  }
  return !text.empty();
}

using base::equal_ignoring_case;
using base::lower;

constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls visit(element) for each non-empty element of a comma-separated list (RFC 9110 §5.6.1).
template <class Visit>
constexpr void for_each_element(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto element = trimmed(list.substr(0, comma));
    if (!element.empty()) visit(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace forwarder::http
