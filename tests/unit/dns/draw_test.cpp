#include "dns/draw.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <vector>

namespace {

using Weights = std::vector<std::uint32_t>;

dns::Draw draw(const Weights& weights, std::uint32_t heaviest, std::size_t wanted,
               base::Random& random) {
  return dns::Draw(
      weights.size(), wanted, heaviest, [&](std::size_t i) { return weights[i]; }, random);
}

}  // namespace

TEST_CASE("a draw takes as many different records as are wanted and there are") {
  base::Random random(1);
  for (const std::size_t total : {0, 1, 2, 8, 63, 64, 65, 100, 1000})
    for (const std::size_t wanted : {0, 1, 8, 32, 33, 64, 65, 2000})
      for (const std::uint32_t heaviest : {0u, 5u}) {
        const auto drawn = draw(Weights(total, 5), heaviest, wanted, random);
        REQUIRE(drawn.size() == std::min(total, wanted));
        std::set<std::size_t> seen;
        for (std::size_t i = 0; i < drawn.size(); ++i) {
          REQUIRE(drawn[i] < total);
          seen.insert(drawn[i]);
        }
        REQUIRE(seen.size() == drawn.size());
      }
}

TEST_CASE("every record comes first as often as its weight says") {
  base::Random random(2);
  constexpr int kDraws = 20000;
  for (const std::size_t total : {3, 64, 80})
    for (const std::size_t wanted : {2, 33, 64}) {
      INFO(wanted << " of " << total);
      Weights all(total, 1);
      all[1] = 3;
      std::map<std::size_t, int> first;
      for (int i = 0; i < kDraws; ++i) ++first[draw(all, 3, wanted, random)[0]];
      const double share = 1.0 / static_cast<double>(total + 2);
      CHECK(first[0] == Approx(kDraws * share).epsilon(0.25));
      CHECK(first[1] == Approx(kDraws * 3 * share).epsilon(0.15));
    }
}

TEST_CASE("one heavy record among many light ones does not keep a draw from ending") {
  base::Random random(3);
  Weights all(1000, 1);
  all[7] = 1'000'000;
  CHECK(draw(all, 1'000'000, 8, random).size() == 8);
}

TEST_CASE("a tier is drawn as often as its share says") {
  base::Random random(4);
  const std::vector<dns::Tier> tiers{
      {.until = 1ull << 63}, {.until = (1ull << 63) + (1ull << 62)}, {}};
  std::map<std::size_t, int> drawn;
  for (int i = 0; i < 10000; ++i) ++drawn[dns::draw_tier(tiers, random)];
  CHECK(drawn[0] == Approx(5000).epsilon(0.05));
  CHECK(drawn[1] == Approx(2500).epsilon(0.05));
  CHECK(drawn[2] == Approx(2500).epsilon(0.05));
}
