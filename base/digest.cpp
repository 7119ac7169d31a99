#include "base/digest.hpp"

#include <nettle/sha2.h>

#include <array>

namespace base {
namespace {

std::uint64_t number(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (std::size_t at = 0; at < 8; ++at) value = value << 8 | bytes[at];
  return value;
}

}  // namespace

Hash128 digest(std::initializer_list<std::string_view> parts) {
  sha256_ctx context;
  sha256_init(&context);
  for (const auto part : parts)
    sha256_update(&context, part.size(), reinterpret_cast<const std::uint8_t*>(part.data()));
  std::array<std::uint8_t, 16> bytes;
  sha256_digest(&context, bytes.size(), bytes.data());
  return {number(bytes.data()), number(bytes.data() + 8)};
}

void append(std::string& text, std::uint64_t number) {
  std::array<char, 8> bytes;
  for (auto& byte : bytes) {
    byte = static_cast<char>(number >> 56);
    number <<= 8;
  }
  text.append(bytes.data(), bytes.size());
}

void append(std::string& text, const Hash128& hash) {
  append(text, hash.high);
  append(text, hash.low);
}

}  // namespace base
