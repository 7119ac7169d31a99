#include "forwarder/table.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

using namespace forwarder;

namespace {

struct Load final : LoadView {
  std::map<SlotId, std::uint32_t> requests;
  std::set<SlotId> failed;

  std::uint32_t active(SlotId slot) const override {
    const auto found = requests.find(slot);
    return found == requests.end() ? 0 : found->second;
  }
  bool avoid(SlotId slot) const override { return failed.contains(slot); }
};

Tier tier(double share, std::vector<SlotId> slots) {
  Tier tier{"tier", share, {}};
  for (const auto slot : slots) tier.members.push_back({slot, 0, {}, 1, false});
  return tier;
}

std::map<SlotId, int> picks(const Upstream& upstream, const Load& load, int count,
                            std::vector<SlotId> tried = {}) {
  base::Random random(7);
  std::map<SlotId, int> counts;
  for (int i = 0; i < count; ++i)
    if (const auto member = pick(upstream, tried, load, random)) ++counts[member->slot];
  return counts;
}

}  // namespace

TEST_CASE("tiers are drawn by their share") {
  const Upstream upstream{"u", {tier(0.75, {0}), tier(0.25, {1})}};
  auto counts = picks(upstream, Load{}, 10'000);
  CHECK(counts[0] == Approx(7500).epsilon(0.05));
  CHECK(counts[1] == Approx(2500).epsilon(0.05));
}

TEST_CASE("a tried member is never picked again, the next tier takes over, then nobody") {
  const Upstream upstream{"u", {tier(1, {0, 1}), tier(0, {2})}};
  CHECK(picks(upstream, Load{}, 100, {0}) == std::map<SlotId, int>{{1, 100}});
  CHECK(picks(upstream, Load{}, 100, {0, 1}) == std::map<SlotId, int>{{2, 100}});
  CHECK(picks(upstream, Load{}, 100, {0, 1, 2}).empty());
  CHECK(picks(Upstream{}, Load{}, 1).empty());
  // A drawn tier that has none left falls back to a better one as well.
  CHECK(picks({"u", {tier(0, {0}), tier(1, {1})}}, Load{}, 100, {1}) ==
        std::map<SlotId, int>{{0, 100}});
}

TEST_CASE("a member to avoid is picked only where nothing else is left in any tier") {
  const Upstream upstream{"u", {tier(1, {0, 1}), tier(0, {2})}};
  Load load;
  load.failed = {0, 1};
  CHECK(picks(upstream, load, 100) == std::map<SlotId, int>{{2, 100}});
  CHECK(picks(upstream, load, 100, {2, 1}) == std::map<SlotId, int>{{0, 100}});
}

TEST_CASE("of two random members the less loaded by weight is picked") {
  auto pair = tier(1, {0, 1});
  Load load;
  load.requests = {{0, 5}, {1, 4}};
  CHECK(picks({"u", {pair}}, load, 100) == std::map<SlotId, int>{{1, 100}});
  pair.members[0].weight = 2;  // 6 / 2 against 5 / 1
  CHECK(picks({"u", {pair}}, load, 100) == std::map<SlotId, int>{{0, 100}});
}

TEST_CASE("without load members are picked evenly, and the last untried of many is found") {
  std::vector<SlotId> slots, all_but_last;
  for (SlotId i = 0; i < 100; ++i) slots.push_back(i);
  all_but_last.assign(slots.begin(), slots.end() - 1);
  const Upstream upstream{"u", {tier(1, slots)}};
  for (const auto& [slot, count] : picks(upstream, Load{}, 100'000))
    CHECK(count == Approx(1000).epsilon(0.2));
  CHECK(picks(upstream, Load{}, 100, all_but_last) == std::map<SlotId, int>{{99, 100}});
}
