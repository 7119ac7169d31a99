#include <algorithm>

#include "forwarder/table.hpp"

namespace forwarder {
namespace {

// Random tries at two different members before the tier is searched through. With half of a tier
// tried or to be avoided, a search is needed once in 2^7 picks.
constexpr int kDraws = 8;

// A tier of which a request has seen so many fail has likely failed as a whole: the others first.
constexpr std::ptrdiff_t kFailuresOfTier = 3;

std::uint64_t weight_of(const Member& member) { return std::max(member.weight, 1u); }

const Member& draw_member(const Tier& tier, base::Random& random) {
  if (tier.until.empty()) return tier.members[random.below(tier.members.size())];
  const auto at = random.below(tier.until.back());
  const auto found = std::upper_bound(tier.until.begin(), tier.until.end(), at);
  return tier.members[static_cast<std::size_t>(found - tier.until.begin())];
}

// Balanced by two random choices: far better than one, and no herd runs to the single least loaded
// member, which a worker that sees only its own requests would misjudge anyway (Mitzenmacher 2001).
template <class Takes>
const Member* less_loaded(const Tier& tier, const LoadView& load, base::Random& random,
                          Takes takes) {
  const auto& members = tier.members;
  const Member* first = nullptr;
  for (int draw = 0; draw < kDraws && members.size() > 1; ++draw) {
    const auto& member = draw_member(tier, random);
    if (&member == first || !takes(member)) continue;
    if (!first) {
      first = &member;
      continue;
    }
    // active / weight, compared without division. Equal loads, above all none, keep the first: the
    // draw has heeded the weights.
    const auto load_of_first = load.active(*first) * weight_of(member);
    return load.active(member) * weight_of(*first) < load_of_first ? &member : first;
  }
  if (first) return first;
  const auto start = random.below(members.size());
  for (std::size_t i = 0; i < members.size(); ++i)
    if (const auto& member = members[(start + i) % members.size()]; takes(member)) return &member;
  return nullptr;
}

std::size_t draw_tier(const std::vector<Tier>& tiers, base::Random& random) {
  auto at = random.unit();
  for (std::size_t i = 0; i < tiers.size(); ++i) {
    if (at < tiers[i].share) return i;
    at -= tiers[i].share;
  }
  return 0;  // rounding
}

}  // namespace

std::optional<Member> pick(const Upstream& upstream, std::span<const SlotId> tried,
                           const LoadView& load, base::Random& random) {
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

  const auto drawn = draw_tier(tiers, random);
  const auto search = [&](const auto& takes) -> const Member* {
    for (const bool doubtful : {false, true})
      for (std::size_t i = 0; i <= tiers.size(); ++i) {
        if (i == drawn + 1) continue;
        const auto& tier = tiers[i == 0 ? drawn : i - 1];
        if (in_doubt(tier) != doubtful) continue;
        if (const auto* member = less_loaded(tier, load, random, takes)) return member;
      }
    return nullptr;
  };
  const auto* member = search(promising);
  if (!member) member = search(untried);
  return member ? std::optional(*member) : std::nullopt;
}

}  // namespace forwarder
