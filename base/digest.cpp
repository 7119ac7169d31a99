#include "base/digest.hpp"

#include <nettle/sha2.h>

#include <array>
#include <bit>
#include <cstring>

namespace base {
namespace {

std::uint64_t number(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return big_endian(value);
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

std::array<char, 8> bytes_of(std::uint64_t number) {
  return std::bit_cast<std::array<char, sizeof number>>(big_endian(number));
}

void append(std::string& text, std::uint64_t number) {
  const auto bytes = bytes_of(number);
  text.append(bytes.data(), bytes.size());
}

void append(std::string& text, const Hash128& hash) {
  append(text, hash.high);
  append(text, hash.low);
}

}  // namespace base
