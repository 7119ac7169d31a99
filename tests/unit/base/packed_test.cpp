#include "base/packed.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

TEST_CASE("arrays of several types lie in one allocation and come out as they went in") {
  using Packed = base::Packed<std::uint64_t, std::uint32_t, std::uint16_t, std::uint8_t>;
  const std::vector<std::uint64_t> words{1, ~std::uint64_t{0}};
  const std::vector<std::uint32_t> none;
  const std::vector<std::uint16_t> halves{3, 4, 5};
  const std::vector<std::uint8_t> bytes{6, 7, 8, 9, 10};
  const Packed packed(words, none, halves, bytes);
  CHECK(std::ranges::equal(packed.get<0>(), words));
  CHECK(packed.get<1>().empty());
  CHECK(std::ranges::equal(packed.get<2>(), halves));
  CHECK(std::ranges::equal(packed.get<3>(), bytes));
  CHECK(packed.size() == 24 + 16 + 6 + 5);
  CHECK(Packed({}, {}, {}, {}).get<3>().empty());
}
