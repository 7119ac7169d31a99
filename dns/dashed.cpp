#include "dns/dashed.hpp"

#include <charconv>

namespace dns {
namespace {

constexpr std::size_t kGroups = 8;  // of 16 bits in an IPv6 address

// The numbers of an IPv4 address in decimal, so that nothing is divided for a query.
struct Decimal {
  char digits[3];
  std::uint8_t length;
};
constexpr auto kDecimals = [] {
  std::array<Decimal, 256> all{};
  for (unsigned n = 0; n < all.size(); ++n) {
    auto& [digits, length] = all[n];
    for (unsigned unit = n < 10 ? 1 : n < 100 ? 10 : 100; unit > 0; unit /= 10)
      digits[length++] = static_cast<char>('0' + n / unit % 10);
  }
  return all;
}();

// Up to `size` groups between dashes at the start of `text`, which is cut by what was read; how
// many. Stops before a dash that no number follows.
std::size_t read_groups(std::string_view& text, std::uint16_t* groups, std::size_t size) {
  std::size_t count = 0;
  while (count < size) {
    if (count > 0 && !text.starts_with('-')) break;
    const auto* begin = text.data() + (count > 0 ? 1 : 0);
    const auto [end, status] = std::from_chars(begin, text.data() + text.size(), groups[count], 16);
    if (status != std::errc{}) break;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    ++count;
  }
  return count;
}

std::optional<base::IpAddress> parse_v6(std::string_view text) {
  std::uint16_t groups[kGroups] = {}, behind[kGroups] = {};
  const auto before = read_groups(text, groups, kGroups);
  if (!text.empty() || before < kGroups) {  // "--" stands for zeros
    if (!text.starts_with("--")) return std::nullopt;
    text.remove_prefix(2);
    const auto after = read_groups(text, behind, kGroups - before);
    if (!text.empty()) return std::nullopt;
    for (std::size_t i = 0; i < after; ++i) groups[kGroups - after + i] = behind[i];
  }
  std::array<std::uint8_t, 16> bytes;
  for (std::size_t i = 0; i < kGroups; ++i) {
    bytes[2 * i] = static_cast<std::uint8_t>(groups[i] >> 8);
    bytes[2 * i + 1] = static_cast<std::uint8_t>(groups[i]);
  }
  return base::IpAddress::v6(bytes);
}

std::optional<base::IpAddress> parse_v4(std::string_view text) {
  std::array<std::uint8_t, 4> bytes;
  std::size_t at = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0 && (at == text.size() || text[at++] != '-')) return std::nullopt;
    unsigned number = 0;
    const auto begin = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && at < begin + 3; ++at)
      number = 10 * number + static_cast<unsigned>(text[at] - '0');
    const bool led_by_zero = at > begin + 1 && text[begin] == '0';
    if (at == begin || number > 255 || led_by_zero) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(number);
  }
  if (at != text.size()) return std::nullopt;
  return base::IpAddress::v4(std::span<const std::uint8_t, 4>(bytes));
}

}  // namespace

Dashed::Dashed(std::span<const std::uint8_t> address) {
  address.size() == 4 ? put_decimals(address) : put_groups(address);
  text_[0] = static_cast<char>(length_ - 1);
}

void Dashed::put_decimals(std::span<const std::uint8_t> address) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) put('-');
    const auto& [digits, length] = kDecimals[address[i]];
    for (std::size_t d = 0; d < sizeof digits; ++d) text_[length_ + d] = digits[d];
    length_ += length;
  }
}

void Dashed::put_hex(unsigned group) {
  for (int shift = group >> 12 ? 12 : group >> 8 ? 8 : group >> 4 ? 4 : 0; shift >= 0; shift -= 4)
    put("0123456789abcdef"[group >> shift & 0xf]);
}

// The first of the longest runs of two zero groups or more is left out (RFC 5952 §4.2).
void Dashed::put_groups(std::span<const std::uint8_t> address) {
  const auto group = [&](std::size_t i) {
    return unsigned{address[2 * i]} << 8 | address[2 * i + 1];
  };
  std::size_t gap = kGroups, gap_length = 1;
  for (std::size_t i = 0, run = 0; i < kGroups; ++i) {
    run = group(i) == 0 ? run + 1 : 0;
    if (run > gap_length) gap_length = run, gap = i + 1 - run;
  }
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (i == gap) {
      if (i == 0) put('0');
      put('-'), put('-');
      i += gap_length - 1;
      continue;
    }
    if (i > 0 && i != gap + gap_length) put('-');
    put_hex(group(i));
  }
}

std::optional<base::IpAddress> parse_dashed(std::string_view label) {
  if (label.size() > kMaxDashed || label.find('-') == label.npos) return std::nullopt;
  if (const auto ip = parse_v4(label)) return ip;
  const auto ip = parse_v6(label);
  if (!ip || Dashed(ip->bytes()).text() != label) return std::nullopt;
  return ip;
}

}  // namespace dns
