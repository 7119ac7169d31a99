#include "base/hash.hpp"

#include <catch2/catch.hpp>

#include "base/bytes.hpp"

using namespace base;

TEST_CASE("hashes are the same on every machine: XXH3's published values", "[base]") {
  REQUIRE(hash64(std::string_view("")) == 0x2d06800538d394c2);
  const auto empty = hash128(as_span(""));
  REQUIRE(empty.high == 0x99aa06d3014798d8);
  REQUIRE(empty.low == 0x6001c324468d497f);
  REQUIRE(hash64("a", 1) != hash64("a", 2));
}
