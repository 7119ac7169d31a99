// SHA-256 (FIPS 180-4) cut to its first 128 bits: what two agents compare and an origin signs.
// Nobody can make other bytes for a given digest; for tables and checksums hash.hpp is faster.
// Thread: pure functions.
#pragma once

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/hash.hpp"

namespace base {

// Of the parts as if they were one text: where they could be cut elsewhere, their lengths belong
// into them.
Hash128 digest(std::initializer_list<std::string_view> parts);

// Big-endian, for texts that are digested themselves.
std::array<char, 8> bytes_of(std::uint64_t number);
void append(std::string& text, std::uint64_t number);
void append(std::string& text, const Hash128& hash);

}  // namespace base
