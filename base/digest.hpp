// SHA-256 (FIPS 180-4) cut to its first 128 bits: what two agents compare and an origin signs.
// Nobody can make other bytes for a given digest; for tables and checksums hash.hpp is faster.
// Thread: pure functions.
#pragma once

#include <bit>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/hash.hpp"

namespace base {

// Of the parts as if they were one text: where they could be cut elsewhere, their lengths belong
// into them.
Hash128 digest(std::initializer_list<std::string_view> parts);

// Numbers are big-endian in texts that are digested themselves. It goes both ways; a loop over the
// bytes took a fifth of the time of a change.
inline std::uint64_t big_endian(std::uint64_t number) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(number) : number;
}
void append(std::string& text, std::uint64_t number);
void append(std::string& text, const Hash128& hash);

// The same for a text of a known size, `kSize` bytes, which needs no heap. Who adds more or reads
// it before it is whole is at fault.
template <std::size_t kSize>
class DigestText {
 public:
  explicit DigestText(char kind) { bytes_[0] = kind; }
  DigestText& add(std::uint64_t number) {
    const auto bytes = big_endian(number);
    std::memcpy(&bytes_[std::exchange(size_, size_ + sizeof bytes)], &bytes, sizeof bytes);
    return *this;
  }
  DigestText& add(const Hash128& hash) { return add(hash.high).add(hash.low); }
  operator std::string_view() const { return {bytes_, kSize}; }

 private:
  char bytes_[kSize];
  std::size_t size_ = 1;
};

}  // namespace base
