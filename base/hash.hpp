// Fast hashes that are the same on every machine and version: XXH3 of libxxhash. Not for secrets or untrusted keys
// in tables whose owner an attacker can choose without `seed`.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace base {

struct Hash128 {
  std::uint64_t high = 0, low = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};

std::uint64_t hash64(std::span<const std::uint8_t> bytes, std::uint64_t seed = 0);
std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0);
Hash128 hash128(std::span<const std::uint8_t> bytes, std::uint64_t seed = 0);

}  // namespace base
