#include "discovery/claims.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "discovery/row.hpp"
#include "resources/external_aliases.hpp"

namespace discovery {
namespace {

// Smaller wins. A document without a creationTimestamp comes after those with one.
auto rank(const resources::VirtualDestination& destination, const std::string& home) {
  const auto& meta = destination.metadata;
  const auto age =
      meta.created_at == 0 ? std::numeric_limits<std::int64_t>::max() : meta.created_at;
  return std::tuple(meta.cluster != home, age, std::string_view(meta.cluster),
                    std::string_view(meta.namespace_), std::string_view(meta.name));
}

// One object that the same file gave to several clusters.
bool same_object(const resources::VirtualDestination& a, const resources::VirtualDestination& b) {
  return encode(RowValue(DestinationRow{a})) == encode(RowValue(DestinationRow{b}));
}

}  // namespace

std::string describe(const resources::VirtualDestination& destination) {
  const auto& meta = destination.metadata;
  const auto [kind, name] = resources::title_of(meta.name);
  return std::string(kind) + ' ' + meta.cluster + '/' + meta.namespace_ + '/' + std::string(name);
}

std::map<std::string, Claim> claim_hosts(
    const std::vector<const resources::VirtualDestination*>& destinations,
    const std::string& home) {
  std::map<std::string, std::vector<const resources::VirtualDestination*>> claimants;
  for (const auto* destination : destinations)
    for (const auto& host : destination->hosts) claimants[host].push_back(destination);

  std::map<std::string, Claim> claims;
  for (auto& [host, list] : claimants) {
    std::sort(list.begin(), list.end(),
              [&](const auto* a, const auto* b) { return rank(*a, home) < rank(*b, home); });
    auto& claim = claims[host];
    claim.winner = list.front();
    for (std::size_t i = 1; i < list.size(); ++i)
      if (!same_object(*list[i], *claim.winner))
        claim.conflicts.push_back(describe(*list[i]) + " also names " + host + "; " +
                                  describe(*claim.winner) + " wins");
  }
  return claims;
}

}  // namespace discovery
