#include "base/random.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

using namespace base;

TEST_CASE("one seed is one sequence", "[base]") {
  Random a(1), b(1), c(2);
  std::vector<std::uint64_t> of_a, of_b, of_c;
  for (int i = 0; i < 100; ++i) {
    of_a.push_back(a.next());
    of_b.push_back(b.next());
    of_c.push_back(c.next());
  }
  REQUIRE(of_a == of_b);
  REQUIRE(of_a != of_c);
  // Held so that a recorded seed stays worth something.
  REQUIRE(Random(42).next() == 0x15780b2e0c2ec716);
}

TEST_CASE("below() stays below, and reaches every value about equally often", "[base]") {
  Random random(3);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) ++counts.at(random.below(counts.size()));
  for (const int count : counts) {
    REQUIRE(count > 9'500);
    REQUIRE(count < 10'500);
  }
  REQUIRE(random.below(1) == 0);
  REQUIRE(random.below(0) == 0);
}

TEST_CASE("unit() is in [0, 1), and chance() follows it", "[base]") {
  Random random(4);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto value = random.unit();
    REQUIRE(value >= 0);
    REQUIRE(value < 1);
    sum += value;
  }
  REQUIRE(sum / 10'000 == Approx(0.5).margin(0.02));
  REQUIRE_FALSE(random.chance(0));
  REQUIRE(random.chance(1));
}

TEST_CASE("a fork's draws do not disturb the one it came from", "[base]") {
  Random one(5), other(5);
  auto fork = one.fork();
  auto same = other.fork();
  for (int i = 0; i < 10; ++i) fork.next();
  REQUIRE(one.next() == other.next());
  REQUIRE(same.next() != one.next());
}

TEST_CASE("a shuffle keeps the elements and reaches every order", "[base]") {
  Random random(6);
  std::array<int, 6> seen{};
  for (int i = 0; i < 6'000; ++i) {
    std::vector<int> order{0, 1, 2};
    random.shuffle(order);
    auto sorted = order;
    std::sort(sorted.begin(), sorted.end());
    REQUIRE(sorted == std::vector<int>{0, 1, 2});
    ++seen.at(static_cast<std::size_t>(order[0] * 2 + (order[1] > order[2] ? 1 : 0)));
  }
  for (const int count : seen) REQUIRE(count > 850);
  std::vector<int> none;
  random.shuffle(none);
}
