#include "base/list_difference.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "base/random.hpp"

namespace {

using List = std::vector<std::shared_ptr<const int>>;
using Places = std::vector<std::size_t>;

}  // namespace

TEST_CASE("what is in both lists in one order is no difference", "[base]") {
  List all;
  for (int i = 0; i < 6; ++i) all.push_back(std::make_shared<const int>(i));
  const List before{all[0], all[1], all[2], all[3]}, after{all[0], all[4], all[2], all[5], all[3]};
  const auto difference = base::difference(before, after);
  CHECK(difference.gone == Places{1});
  CHECK(difference.come == Places{1, 3});
  CHECK(difference.first == 1);
  CHECK(difference.end_before == 3);
  CHECK(difference.end_after == 4);
  CHECK(base::difference(before, before).gone.empty());
}

TEST_CASE("what changed places is gone and has come, with all between", "[base]") {
  List all;
  for (int i = 0; i < 5; ++i) all.push_back(std::make_shared<const int>(i));
  const List before{all[0], all[1], all[2], all[3], all[4]};
  const List after{all[0], all[3], all[2], all[1], all[4]};
  const auto difference = base::difference(before, after);
  CHECK(difference.gone == Places{1, 2, 3});
  CHECK(difference.come == Places{1, 2, 3});
}

TEST_CASE("a difference leads from one list to the other", "[base]") {
  base::Random random(5);
  List all;
  for (int i = 0; i < 12; ++i) all.push_back(std::make_shared<const int>(i));
  List before;
  for (int step = 0; step < 2'000; ++step) {
    auto after = before;
    for (auto edits = random.below(3); edits > 0; --edits) {
      const auto at = static_cast<std::ptrdiff_t>(random.below(after.size() + 1));
      if (random.chance(0.5) || after.empty())
        after.insert(after.begin() + at, all[random.below(all.size())]);
      else
        after.erase(after.begin() + std::min(at, static_cast<std::ptrdiff_t>(after.size()) - 1));
    }
    const auto difference = base::difference(before, after);
    List left;  // of before, without what is gone; of after, without what has come
    for (std::size_t i = 0; i < before.size(); ++i)
      if (!std::ranges::count(difference.gone, i)) left.push_back(before[i]);
    List kept;
    for (std::size_t i = 0; i < after.size(); ++i)
      if (!std::ranges::count(difference.come, i)) kept.push_back(after[i]);
    REQUIRE(left == kept);
    before = after.size() > 10 ? List{} : after;
  }
}
