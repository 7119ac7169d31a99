#include "base/hash.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "base/bytes.hpp"

using namespace base;

TEST_CASE("hashes are the same on every machine: XXH3's published values", "[base]") {
  REQUIRE(hash64(std::string_view("")) == 0x2d06800538d394c2);
  const auto empty = hash128(as_span(""));
  REQUIRE(empty.high == 0x99aa06d3014798d8);
  REQUIRE(empty.low == 0x6001c324468d497f);
  REQUIRE(hash64("a", 1) != hash64("a", 2));
}

TEST_CASE("the sum of a set does not depend on the order, and elements can be taken out",
          "[base]") {
  const auto a = hash128(as_span("a")), b = hash128(as_span("b")), c = hash128(as_span("c"));
  Hash128 one, other;
  one += a;
  one += b;
  one += c;
  other += c;
  other += a;
  other += b;
  REQUIRE(one == other);
  one -= b;
  other -= b;
  REQUIRE(one == other);
  one -= a;
  one -= c;
  REQUIRE(one == Hash128{});
}

TEST_CASE("sums carry and borrow over 64 bits", "[base]") {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  Hash128 sum{0, kMost};
  sum += Hash128{0, 1};
  REQUIRE(sum == Hash128{1, 0});
  sum -= Hash128{0, 1};
  REQUIRE(sum == Hash128{0, kMost});
  sum -= Hash128{1, kMost};
  REQUIRE(sum == Hash128{kMost, 0});
}
