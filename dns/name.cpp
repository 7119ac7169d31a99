#include "dns/name.hpp"

#include <algorithm>
#include <cstring>

namespace dns {
namespace {

constexpr std::uint8_t kPointer = 0xc0;

// 'A' to 'Z' of eight bytes at once: those at or above 'A' and not above 'Z', and no others, get
// the bit that makes a letter small. Bytes above 127 are left alone.
constexpr std::uint64_t lower_word(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t low = word & 0x7f * kOnes;
  const std::uint64_t from_a = low + (0x80 - 'A') * kOnes;
  const std::uint64_t beyond_z = low + (0x80 - 'Z' - 1) * kOnes;
  const std::uint64_t upper = (from_a & ~beyond_z) & ~word & 0x80 * kOnes;
  return word | upper >> 2;
}

}  // namespace

// Of the first bytes. Length bytes are below 'A', so a wire name can go through.
void Name::make_lower(std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&bytes_[size], &word, sizeof word);
  take_lower(bytes_, size);
}

// `from` may go on behind the name: words are read whole where they can be.
void Name::take_lower(std::span<const std::uint8_t> from, std::size_t size) {
  std::uint64_t word = 0;
  std::size_t at = 0;
  for (; at < size && at + sizeof word <= from.size(); at += sizeof word) {
    std::memcpy(&word, &from[at], sizeof word);
    word = lower_word(word);
    std::memcpy(&bytes_[at], &word, sizeof word);
  }
  for (; at < size; ++at) bytes_[at] = static_cast<std::uint8_t>(lower_word(from[at]));
}

base::Result<Name> Name::parse(std::string_view text) {
  const std::string whole(text);
  if (text.ends_with('.')) text.remove_suffix(1);
  Name name;
  while (!text.empty()) {
    const auto dot = text.rfind('.');
    const auto label = dot == std::string_view::npos ? text : text.substr(dot + 1);
    const auto longer = name.child(label);
    if (!longer)
      return base::invalid("\"" + whole +
                           "\" is no domain name: labels have 1 to 63 bytes, names at most 253");
    name = *longer;
    text = dot == std::string_view::npos ? std::string_view{} : text.substr(0, dot);
    if (dot == 0) return base::invalid("\"" + whole + "\" is no domain name: it begins with a dot");
  }
  return name;
}

std::optional<Name> Name::read(std::span<const std::uint8_t> wire) {
  std::size_t at = 0;
  while (true) {
    if (at >= wire.size() || wire[at] > kMaxLabel) return std::nullopt;
    const std::size_t label = wire[at];
    at += label + 1;
    if (at > kMaxName) return std::nullopt;
    if (label == 0) break;
  }
  Name name;
  name.take_lower(wire, at);
  name.length_ = static_cast<std::uint8_t>(at);
  return name;
}

std::optional<Name> Name::child(std::string_view label) const {
  if (label.empty() || label.size() > kMaxLabel || length_ + label.size() + 1 > kMaxName)
    return std::nullopt;
  Name longer;
  longer.bytes_[0] = static_cast<std::uint8_t>(label.size());
  std::memcpy(longer.bytes_.data() + 1, label.data(), label.size());
  longer.make_lower(1 + label.size());
  std::memcpy(longer.bytes_.data() + 1 + label.size(), bytes_.data(), length_);
  longer.length_ = static_cast<std::uint8_t>(length_ + label.size() + 1);
  return longer;
}

Name Name::parent() const {
  if (is_root()) return *this;
  const auto rest = parent_of(wire());
  Name shorter;
  std::memcpy(shorter.bytes_.data(), rest.data(), rest.size());
  shorter.length_ = static_cast<std::uint8_t>(rest.size());
  return shorter;
}

bool Name::is_within(const Name& ancestor) const {
  auto suffix = wire();
  while (suffix.size() > ancestor.length_) suffix = parent_of(suffix);
  return std::ranges::equal(suffix, ancestor.wire());
}

std::string Name::to_string() const {
  std::string text;
  for (auto rest = wire(); rest[0] != 0; rest = parent_of(rest)) {
    if (!text.empty()) text += '.';
    for (const std::uint8_t byte : rest.subspan(1, rest[0])) {
      const char c = static_cast<char>(byte);
      if (byte <= ' ' || byte > '~' || c == '.' || c == '\\') {
        const std::string digits = std::to_string(byte);
        text += '\\' + std::string(3 - digits.size(), '0') + digits;
      } else {
        text += c;
      }
    }
  }
  return text;
}

std::size_t skip_name(std::span<const std::uint8_t> message, std::size_t at) {
  while (at < message.size()) {
    const std::uint8_t length = message[at];
    if (length == 0) return at + 1;
    if (length >= kPointer) return at + 2 <= message.size() ? at + 2 : 0;
    if (length > kMaxLabel) return 0;
    at += length + std::size_t{1};
  }
  return 0;
}

}  // namespace dns
