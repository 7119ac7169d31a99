#include "forwarder/table.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

using namespace forwarder;

namespace {

struct Load final : LoadView {
  std::map<SlotId, std::uint32_t> requests;
  std::set<SlotId> failed;
  base::TimePoint time{};

  std::uint32_t active(const Member& member) const override {
    const auto found = requests.find(member.slot);
    return found == requests.end() ? 0 : found->second;
  }
  bool avoid(const Member& member) const override { return failed.contains(member.slot); }
  base::TimePoint now() const override { return time; }
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

TEST_CASE("where three of a tier failed the others are tried first, and then the rest of it") {
  const Upstream upstream{"u", {tier(1, {0, 1, 2, 3, 4}), tier(0, {5}), tier(0, {6})}};
  CHECK(picks(upstream, Load{}, 100, {0, 1}).size() == 3);
  CHECK(picks(upstream, Load{}, 100, {0, 1, 2}) == std::map<SlotId, int>{{5, 100}});
  CHECK(picks(upstream, Load{}, 100, {0, 1, 2, 5}) == std::map<SlotId, int>{{6, 100}});
  CHECK(picks(upstream, Load{}, 100, {0, 1, 2, 5, 6}).size() == 2);
  Load load;
  load.failed = {5, 6};
  CHECK(picks(upstream, load, 100, {0, 1, 2}).size() == 2);
}

TEST_CASE("a member to avoid is picked only where nothing else is left in any tier") {
  const Upstream upstream{"u", {tier(1, {0, 1}), tier(0, {2})}};
  Load load;
  load.failed = {0, 1};
  CHECK(picks(upstream, load, 100) == std::map<SlotId, int>{{2, 100}});
  CHECK(picks(upstream, load, 100, {2, 1}) == std::map<SlotId, int>{{0, 100}});
}

TEST_CASE("of two random members the less loaded is picked") {
  Load load;
  load.requests = {{0, 5}, {1, 4}};
  CHECK(picks({"u", {tier(1, {0, 1})}}, load, 100) == std::map<SlotId, int>{{1, 100}});
}

TEST_CASE("without load members are picked as often as their weights say, as DNS draws them") {
  const auto weighing = [](std::vector<std::uint32_t> weights) {
    Tier weighed = tier(1, {});
    std::uint64_t sum = 0;
    for (SlotId slot = 0; slot < weights.size(); ++slot) {
      weighed.members.push_back({slot, 0, {}, weights[slot], false});
      weighed.until.push_back(sum += weights[slot]);
    }
    return Upstream{"u", {weighed}};
  };
  auto pair = picks(weighing({1, 2}), Load{}, 30'000);
  CHECK(pair[0] == Approx(10'000).epsilon(0.05));
  CHECK(pair[1] == Approx(20'000).epsilon(0.05));
  auto many = picks(weighing({1, 1, 1, 1, 6}), Load{}, 50'000);
  CHECK(many[0] == Approx(5'000).epsilon(0.08));
  CHECK(many[4] == Approx(30'000).epsilon(0.05));
  // However unlike the weights are, the light ones get their part and a pick ends.
  auto steep = picks(weighing({1, 99}), Load{}, 100'000);
  CHECK(steep[0] == Approx(1'000).epsilon(0.2));
}

TEST_CASE("under load members have as many requests as their weights say") {
  Upstream upstream{"u", {tier(1, {0, 1, 2})}};
  auto& only = upstream.tiers[0];
  only.members[2].weight = 4;
  only.until = {1, 2, 6};
  Load load;
  base::Random random(8);
  std::vector<SlotId> in_flight;
  std::map<SlotId, int> counts;
  for (int i = 0; i < 30'000; ++i) {
    if (in_flight.size() == 60) {  // one of them, whichever, is answered
      std::swap(in_flight[random.below(60)], in_flight.back());
      --load.requests[in_flight.back()];
      in_flight.pop_back();
    }
    in_flight.push_back(pick(upstream, {}, load, random)->slot);
    ++load.requests[in_flight.back()];
    ++counts[in_flight.back()];
  }
  CHECK(counts[0] == Approx(5'000).epsilon(0.08));
  CHECK(counts[2] == Approx(20'000).epsilon(0.05));
  CHECK(load.requests[2] == Approx(40).epsilon(0.15));
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

namespace {

std::shared_ptr<const TrafficPolicy> by(Balancing::By by, double panic_percent = 0) {
  auto policy = std::make_shared<TrafficPolicy>();
  policy->balancing.by = by;
  policy->balancing.panic_percent = panic_percent;
  return policy;
}

Upstream spread(Balancing::By how, std::vector<std::uint32_t> weights) {
  Upstream upstream{"u", {tier(1, {})}};
  auto& members = upstream.tiers.front().members;
  for (const auto weight : weights) {
    const auto slot = static_cast<SlotId>(members.size());
    members.push_back({slot, 0, {base::IpAddress::v4(0x0a000000 + slot), 80}, weight});
    upstream.tiers.front().hashes.push_back(endpoint_hash(members.back().address));
  }
  if (std::set<std::uint32_t>(weights.begin(), weights.end()).size() > 1) {
    std::uint64_t sum = 0;
    for (const auto weight : weights) upstream.tiers.front().until.push_back(sum += weight);
  }
  upstream.policy = by(how);
  return upstream;
}

std::vector<SlotId> picks_by_key(const Upstream& upstream, std::uint64_t keys,
                                 const Load& load = {}, std::vector<SlotId> tried = {},
                                 std::uint64_t seed = 7) {
  base::Random random(seed);
  std::vector<SlotId> slots;
  for (std::uint64_t key = 0; key < keys; ++key)
    slots.push_back(pick(upstream, tried, load, random, key * 0x9e3779b97f4a7c15)->slot);
  return slots;
}

std::map<SlotId, int> counts_of(const std::vector<SlotId>& slots) {
  std::map<SlotId, int> counts;
  for (const auto slot : slots) ++counts[slot];
  return counts;
}

}  // namespace

TEST_CASE(
    "round robin takes one after the other, and the turns of who is not taken go to all others") {
  const auto upstream = spread(Balancing::By::round_robin, {1, 1, 1});
  base::Random random(7);
  const auto at = [&](std::uint64_t turn, const Load& load, std::vector<SlotId> tried = {}) {
    return pick(upstream, tried, load, random, turn)->slot;
  };
  Load load;
  load.requests[0] = 100;  // it does not look
  for (std::uint64_t i = 6; i < 12; ++i) CHECK(at(i, load) == i % 3);
  for (std::uint64_t i = 7; i < 9; ++i) CHECK(at(i, load, {0}) == i % 3);
  std::map<SlotId, int> instead;
  for (std::uint64_t i = 0; i < 300; i += 3) ++instead[at(i, Load{}, {0})];
  CHECK(instead[1] == Approx(50).margin(20));
  CHECK(instead[2] == Approx(50).margin(20));
  load.failed = {0, 1};
  CHECK(at(6, load) == 2);
}

TEST_CASE("round robin gives each member its weight, and not in runs") {
  const auto upstream = spread(Balancing::By::round_robin, {3, 1});
  base::Random random(7);
  std::string order;
  for (std::uint64_t turn = 1; turn <= 40; ++turn)
    order += std::to_string(pick(upstream, {}, Load{}, random, turn)->slot);
  CHECK(std::abs(std::count(order.begin(), order.end(), '1') - 10) <= 1);
  CHECK(order.find("11") == order.npos);
  CHECK(order.find("00000") == order.npos);
}

TEST_CASE("random does not look at loads") {
  const auto upstream = spread(Balancing::By::random, {1, 1});
  Load load;
  load.requests[0] = 100;
  auto counts = picks(upstream, load, 10'000);
  CHECK(counts[0] == Approx(5000).epsilon(0.05));
}

TEST_CASE("by hash the same key goes to the same member, by weight, wherever the member stands") {
  const auto upstream = spread(Balancing::By::hash, {1, 1, 1, 5});
  const auto slots = picks_by_key(upstream, 8000);
  CHECK(slots == picks_by_key(upstream, 8000));
  auto counts = counts_of(slots);
  CHECK(counts[0] == Approx(1000).epsilon(0.1));
  CHECK(counts[3] == Approx(5000).epsilon(0.05));
  auto turned = upstream;
  auto& tier = turned.tiers.front();
  std::swap(tier.members[0], tier.members[2]);
  std::swap(tier.hashes[0], tier.hashes[2]);
  CHECK(picks_by_key(turned, 8000) == slots);
}

TEST_CASE("by hash only the requests of who is gone move, and they come back") {
  const auto upstream = spread(Balancing::By::hash, {1, 1, 1, 1});
  const auto before = picks_by_key(upstream, 1000);
  Load load;
  load.failed = {2};
  const auto during = picks_by_key(upstream, 1000, load);
  CHECK(during == picks_by_key(upstream, 1000, {}, {2}));
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK((before[i] == 2 ? during[i] != 2 : during[i] == before[i]));
}

TEST_CASE("by hash the tier is the key's, too, and without a key the load decides") {
  Upstream upstream = spread(Balancing::By::hash, {1});
  auto other = spread(Balancing::By::hash, {1, 1}).tiers.front();
  other.members.erase(other.members.begin());
  other.hashes.erase(other.hashes.begin());
  upstream.tiers.front().share = 0.6;
  other.share = 0.4;
  upstream.tiers.push_back(other);
  const auto slots = picks_by_key(upstream, 1000);
  CHECK(slots == picks_by_key(upstream, 1000, {}, {}, 8));  // whatever is drawn
  CHECK(counts_of(slots)[0] == Approx(600).epsilon(0.1));

  auto alone = spread(Balancing::By::hash, {1, 1});
  Load load;
  load.requests[0] = 5;
  CHECK(picks(alone, load, 100) == std::map<SlotId, int>{{1, 100}});
}

TEST_CASE("where too few of a tier are well, all of it is taken") {
  auto upstream = spread(Balancing::By::random, {1, 1, 1, 1});
  Load load;
  load.failed = {0, 1, 2};
  CHECK(picks(upstream, load, 100) == std::map<SlotId, int>{{3, 100}});
  upstream.policy = by(Balancing::By::random, 25);
  CHECK(picks(upstream, load, 100) == std::map<SlotId, int>{{3, 100}});
  upstream.policy = by(Balancing::By::random, 26);
  CHECK(picks(upstream, load, 1000).size() == 4);
}

TEST_CASE("while another tier can take the traffic nothing panics") {
  auto upstream = spread(Balancing::By::random, {1, 1, 1, 1});
  upstream.policy = by(Balancing::By::random, 50);
  upstream.tiers.push_back(tier(0, {7, 8}));
  Load load;
  load.failed = {0, 1, 2, 3};
  auto counts = picks(upstream, load, 100);
  CHECK(counts.size() == 2);
  CHECK(counts.contains(7));
  load.failed = {0, 1, 2, 3, 7, 8};
  CHECK(picks(upstream, load, 100).size() == 4);  // the first tier, whole
}

namespace {

constexpr base::TimePoint kCame{std::chrono::hours(5)};
constexpr base::Duration kWarmUp = std::chrono::seconds(100);

// Those at `late` came at kCame, the others were always there.
Upstream warming(Balancing::By how, std::vector<std::uint32_t> weights, std::set<SlotId> late) {
  auto upstream = spread(how, std::move(weights));
  auto& tier = upstream.tiers.front();
  std::vector<base::TimePoint> since;
  for (const auto& member : tier.members)
    since.push_back(late.contains(member.slot) ? kCame : kEver);
  tier.warm_up = std::make_shared<const WarmUp>(std::move(since), kWarmUp);
  return upstream;
}

}  // namespace

TEST_CASE("who has come late counts for as much of its weight as its time has gone, from 10 % on") {
  for (const auto how : {Balancing::By::least_request, Balancing::By::round_robin}) {
    const auto upstream = warming(how, {1, 1, 2}, {1, 2});
    Load load;
    // Of 1, 1, 2 what the two late ones count for, after so many seconds.
    for (const auto& [seconds, warmth] :
         std::map<int, double>{{0, 0.1}, {5, 0.1}, {25, 0.25}, {50, 0.5}, {99, 0.99}, {100, 1}}) {
      load.time = kCame + std::chrono::seconds(seconds);
      auto counts = counts_of(picks_by_key(upstream, 40'000, load));
      const auto sum = 1 + 3 * warmth;
      INFO(seconds << " s");
      CHECK(counts[0] == Approx(40'000 / sum).epsilon(0.05));
      CHECK(counts[1] == Approx(40'000 * warmth / sum).epsilon(0.1));
      CHECK(counts[2] == Approx(40'000 * 2 * warmth / sum).epsilon(0.1));
    }
  }
}

TEST_CASE("under load who warms up has as many requests as it counts for") {
  const auto upstream = warming(Balancing::By::least_request, {1, 1, 1, 1}, {3});
  Load load;
  load.time = kCame + std::chrono::seconds(20);
  base::Random random(8);
  std::vector<SlotId> in_flight;
  double of_late = 0;
  for (int i = 0; i < 30'000; ++i) {
    if (in_flight.size() == 64) {
      std::swap(in_flight[random.below(64)], in_flight.back());
      --load.requests[in_flight.back()];
      in_flight.pop_back();
    }
    in_flight.push_back(pick(upstream, {}, load, random)->slot);
    ++load.requests[in_flight.back()];
    of_late += load.requests[3];
  }
  CHECK(of_late / 30'000 == Approx(4).epsilon(0.15));
}

TEST_CASE("who warms up is taken where nobody else is left, and who came last counts least") {
  const auto upstream = warming(Balancing::By::least_request, {1, 1}, {1});
  Load load;
  load.time = kCame;
  CHECK(picks(upstream, load, 100, {0}) == std::map<SlotId, int>{{1, 100}});
  load.failed = {0};
  CHECK(picks(upstream, load, 100) == std::map<SlotId, int>{{1, 100}});

  const WarmUp two({kCame, kCame + kWarmUp / 2}, kWarmUp);
  CHECK(two.warmth(0, kCame + kWarmUp / 2) == 1);  // whoever has been there longest
  CHECK(two.warmth(1, kCame + kWarmUp / 2) == Approx(0.1 / 0.5));
  CHECK(two.warmth(1, kCame + kWarmUp) == Approx(0.5));
  CHECK_FALSE(two.is_over(kCame + kWarmUp));
  CHECK(two.is_over(kCame + kWarmUp * 3 / 2));
}
