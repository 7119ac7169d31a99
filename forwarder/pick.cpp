#include <algorithm>

#include "forwarder/table.hpp"

namespace forwarder {
namespace {

// Random tries at two different members before the tier is searched through. With half of a tier
// tried or to be avoided, a search is needed once in 2^7 picks.
constexpr int kDraws = 8;

// Balanced by two random choices: far better than one, and no herd runs to the single least loaded
// member, which a worker that sees only its own requests would misjudge anyway (Mitzenmacher 2001).
template <class Takes>
const Member* less_loaded(const Tier& tier, const LoadView& load, base::Random& random,
                          Takes takes) {
  const auto& members = tier.members;
  const Member* first = nullptr;
  for (int draw = 0; draw < kDraws && members.size() > 1; ++draw) {
    const auto& member = members[random.below(members.size())];
    if (&member == first || !takes(member)) continue;
    if (!first) {
      first = &member;
      continue;
    }
    // (active + 1) / weight, compared without division.
    const auto cost = [&load](const Member& m, const Member& other) {
      return (std::uint64_t{load.active(m.slot)} + 1) * std::max(other.weight, 1u);
    };
    return cost(member, *first) < cost(*first, member) ? &member : first;
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
    return untried(member) && !load.avoid(member.slot);
  };

  const auto drawn = draw_tier(tiers, random);
  const auto search = [&](const auto& takes) -> const Member* {
    if (const auto* member = less_loaded(tiers[drawn], load, random, takes)) return member;
    for (std::size_t i = 0; i < tiers.size(); ++i)
      if (i != drawn)
        if (const auto* member = less_loaded(tiers[i], load, random, takes)) return member;
    return nullptr;
  };
  const auto* member = search(promising);
  if (!member) member = search(untried);
  return member ? std::optional(*member) : std::nullopt;
}

}  // namespace forwarder
