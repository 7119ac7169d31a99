#include <algorithm>
#include <cmath>
#include <limits>

#include "discovery/view/overprovisioning.hpp"
#include "forwarder/table.hpp"

namespace forwarder {
namespace {

// Random tries at two different members before the tier is searched through. With half of a tier
// tried or to be avoided, a search is needed once in 2^7 picks.
constexpr int kDraws = 8;

// A tier of which a request has seen so many fail has likely failed as a whole: the others first.
constexpr std::ptrdiff_t kFailuresOfTier = 3;

const Balancing kByDefault;

std::uint64_t weight_of(const Member& member) { return std::max(member.weight, 1u); }

const Member& draw_member(const Tier& tier, base::Random& random) {
  if (tier.until.empty()) return tier.members[random.below(tier.members.size())];
  const auto at = random.below(tier.until.back());
  const auto found = std::upper_bound(tier.until.begin(), tier.until.end(), at);
  return tier.members[static_cast<std::size_t>(found - tier.until.begin())];
}

// As they stand from the first on, until one is taken.
template <class Takes>
const Member* from(const std::vector<Member>& members, std::size_t first, Takes takes) {
  for (std::size_t i = 0; i < members.size(); ++i)
    if (const auto& member = members[(first + i) % members.size()]; takes(member)) return &member;
  return nullptr;
}

// What a member counts for, and how often it is taken where it is drawn.
struct ByWeight {
  static constexpr int kDraws = forwarder::kDraws;
  bool takes(const Member&, base::Random&) const { return true; }
  std::uint64_t operator()(const Member& member) const { return weight_of(member); }
};
// Some warm up: drawn by their weights they are taken by their warmth.
struct ByWarmth {
  // One in ten is taken at the least: a search, which heeds no warmth, is needed in 8 % at most.
  static constexpr int kDraws = 24;
  const Tier& tier;
  base::TimePoint now;

  double warmth(const Member& member) const {
    return tier.warm_up->warmth(static_cast<std::size_t>(&member - tier.members.data()), now);
  }
  bool takes(const Member& member, base::Random& random) const {
    return random.unit() < warmth(member);
  }
  double operator()(const Member& member) const {
    return static_cast<double>(weight_of(member)) * warmth(member);
  }
};

// Balanced by two random choices: far better than one, and no herd runs to the single least loaded
// member, which a worker that sees only its own requests would misjudge anyway (Mitzenmacher 2001).
template <class Weight, class Takes>
const Member* less_loaded(const Tier& tier, const Weight& weight, const LoadView& load,
                          base::Random& random, Takes takes) {
  const auto& members = tier.members;
  const Member* first = nullptr;
  for (int draw = 0; draw < Weight::kDraws && members.size() > 1; ++draw) {
    const auto& member = draw_member(tier, random);
    if (&member == first || !weight.takes(member, random) || !takes(member)) continue;
    if (!first) {
      first = &member;
      continue;
    }
    // active / weight, compared without division. Equal loads, above all none, keep the first: the
    // draw has heeded the weights.
    const auto load_of_first = load.active(*first) * weight(member);
    return load.active(member) * weight(*first) < load_of_first ? &member : first;
  }
  return first ? first : from(members, random.below(members.size()), takes);
}

// In (0, 1).
double unit(std::uint64_t hash) { return (static_cast<double>(hash >> 12) + 0.5) * 0x1.0p-52; }

constexpr std::uint64_t kGoldenRatio = 0x9e37'79b9'7f4a'7c15;  // of 2^64

// By weight in steps of the golden ratio, so that turns of the same member lie far apart.
const Member& whose_turn(const Tier& tier, std::uint64_t turn) {
  if (tier.until.empty()) return tier.members[turn % tier.members.size()];
  const auto at = unit(turn * kGoldenRatio) * static_cast<double>(tier.until.back());
  const auto found =
      std::upper_bound(tier.until.begin(), tier.until.end(), static_cast<std::uint64_t>(at));
  return tier.members[static_cast<std::size_t>(found - tier.until.begin())];
}

template <class Takes>
const Member* at_random(const Tier& tier, base::Random& random, Takes takes) {
  for (int draw = 0; draw < kDraws; ++draw)
    if (const auto& member = draw_member(tier, random); takes(member)) return &member;
  return from(tier.members, random.below(tier.members.size()), takes);
}

// The finalizer of MurmurHash3: each bit of the two decides over each bit of the outcome.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  auto x = a ^ (b * kGoldenRatio);
  x = (x ^ (x >> 33)) * 0xff51'afd7'ed55'8ccd;
  x = (x ^ (x >> 33)) * 0xc4ce'b9fe'1a85'ec53;
  return x ^ (x >> 33);
}

// Rendezvous hashing: the member with the highest score; -w / ln(u) with u in (0, 1) draws by
// weight.
template <class Takes>
const Member* by_hash(const Tier& tier, std::uint64_t hash, Takes takes) {
  const Member* best = nullptr;
  auto highest = -std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < tier.members.size(); ++i) {
    const auto& member = tier.members[i];
    const auto u = unit(mix(hash, tier.hashes[i]));
    const auto score =
        tier.until.empty() ? u : -static_cast<double>(weight_of(member)) / std::log(u);
    if (score <= highest || !takes(member)) continue;
    highest = score;
    best = &member;
  }
  return best;
}

template <class Weight, class Takes>
const Member* weighed(const Balancing& balancing, const Tier& tier, const Weight& weight,
                      const LoadView& load, base::Random& random, PickKey key, Takes takes) {
  if (!key || balancing.by != Balancing::By::round_robin)
    return less_loaded(tier, weight, load, random, takes);
  // The turns of who is not taken are everybody's: the next in line would have them all.
  const auto& member = whose_turn(tier, *key);
  return weight.takes(member, random) && takes(member)
             ? &member
             : less_loaded(tier, weight, load, random, takes);
}

template <class Takes>
const Member* choose(const Balancing& balancing, const Tier& tier, const LoadView& load,
                     base::Random& random, PickKey key, Takes takes) {
  using By = Balancing::By;
  if (balancing.by == By::random) return at_random(tier, random, takes);
  if (key && balancing.by == By::hash) return by_hash(tier, *key, takes);
  if (tier.warm_up)
    if (const auto now = load.now(); !tier.warm_up->is_over(now))
      return weighed(balancing, tier, ByWarmth{tier, now}, load, random, key, takes);
  return weighed(balancing, tier, ByWeight{}, load, random, key, takes);
}

double wellness(const Tier& tier, const LoadView& load) {
  const auto well = std::ranges::count_if(
      tier.members, [&](const Member& member) { return !load.avoid(member); });
  return static_cast<double>(well) / static_cast<double>(tier.members.size());
}

// As in Envoy only where all tiers together cannot take the traffic: else another one does.
bool may_panic(const std::vector<Tier>& tiers, const LoadView& load) {
  double taken = 0;
  for (const auto& tier : tiers) taken += discovery::view::kOverprovisioning * wellness(tier, load);
  return taken < 1;
}

std::size_t draw_tier(const std::vector<Tier>& tiers, double at) {
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    if (at < tiers[i].share) return i;
    at -= tiers[i].share;
  }
  return 0;  // rounding
}

}  // namespace

std::optional<Member> pick(const Upstream& upstream, std::span<const SlotId> tried,
                           const LoadView& load, base::Random& random, PickKey key) {
  const auto& tiers = upstream.tiers;
  if (tiers.empty()) return std::nullopt;
  const auto untried = [&](const Member& member) {
    return std::find(tried.begin(), tried.end(), member.slot) == tried.end();
  };
  const auto promising = [&](const Member& member) {
    return untried(member) && !load.avoid(member);
  };

  const auto in_doubt = [&](const Tier& tier) {
    if (std::ssize(tried) < kFailuresOfTier) return false;
    const auto failures = std::count_if(tier.members.begin(), tier.members.end(),
                                        [&](const Member& member) { return !untried(member); });
    return failures >= kFailuresOfTier;
  };

  const auto& balancing = upstream.policy ? upstream.policy->balancing : kByDefault;
  const bool by_hash = key && balancing.by == Balancing::By::hash;
  const bool may = balancing.panic_percent > 0 && may_panic(tiers, load);
  const auto drawn = draw_tier(tiers, by_hash ? unit(mix(*key, 0)) : random.unit());
  const auto search = [&](const auto& takes) -> const Member* {
    for (const bool doubtful : {false, true})
      for (std::size_t i = 0; i <= tiers.size(); ++i) {
        if (i == drawn + 1) continue;
        const auto& tier = tiers[i == 0 ? drawn : i - 1];
        if (in_doubt(tier) != doubtful) continue;
        const bool panics = may && wellness(tier, load) * 100 < balancing.panic_percent;
        const auto* member = panics ? choose(balancing, tier, load, random, key, untried)
                                    : choose(balancing, tier, load, random, key, takes);
        if (member) return member;
      }
    return nullptr;
  };
  const auto* member = search(promising);
  if (!member) member = search(untried);
  return member ? std::optional(*member) : std::nullopt;
}

}  // namespace forwarder
