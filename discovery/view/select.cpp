#include "discovery/view/select.hpp"

#include <algorithm>
#include <functional>
#include <optional>

namespace discovery::view {
namespace {

// Envoy's overprovisioning factor: a tier keeps all its traffic until less than 1/1.4 = 71 % of it
// is healthy.
constexpr double kOverprovisioning = 1.4;

constexpr const char* kDefaultLadder[] = {"own cluster and zone", "own cluster", "same zone",
                                          "same region", "any"};

// Zones are named per region by some operators ("a", "b"), so both parts must agree where both are
// known.
bool same_zone(const base::Locality& a, const base::Locality& b) {
  return !a.zone.empty() && a.zone == b.zone &&
         (a.region == b.region || a.region.empty() || b.region.empty());
}
bool same_region(const base::Locality& a, const base::Locality& b) {
  return !a.region.empty() && a.region == b.region;
}

bool satisfies(std::string_view preference, const Traits& traits, const Caller& caller) {
  if (preference == "zone") return same_zone(traits.locality, caller.locality);
  if (preference == "cluster") return traits.cluster == caller.cluster;
  if (preference == "region") return same_region(traits.locality, caller.locality);
  if (preference.starts_with("cluster:")) return traits.cluster == preference.substr(8);
  return preference == "any";
}

// The rung of the ladder that such endpoints stand on; nothing when no preference takes them.
std::optional<std::size_t> rung(const Destination& destination, const Traits& traits,
                                const Caller& caller) {
  if (destination.prefer.empty()) {
    const bool own = traits.cluster == caller.cluster;
    if (own && same_zone(traits.locality, caller.locality)) return 0;
    if (own) return 1;
    if (same_zone(traits.locality, caller.locality)) return 2;
    if (same_region(traits.locality, caller.locality)) return 3;
    return 4;
  }
  for (std::size_t i = 0; i < destination.prefer.size(); ++i)
    if (satisfies(destination.prefer[i], traits, caller)) return i;
  return std::nullopt;
}

bool serves_a_port(const Destination& destination, const Service& service, const Traits& traits) {
  return destination.ports.empty() ||
         std::any_of(destination.ports.begin(), destination.ports.end(), [&](const auto& port) {
           return target_port(port, service, traits).has_value();
         });
}

// It has a rung of its own then, before those of the ladder.
bool prefers(const Affinity* affinity) {
  return affinity && affinity->strength == Affinity::Strength::prefer;
}

// What becomes of an endpoint by its traits, whatever its health: a rung, or why it can never be
// used by this caller.
struct Standing {
  Reason reason = Reason::selected;
  std::size_t rung = 0;
};

Standing stand(const Destination& destination, const Service& service, const Traits& traits,
               const Caller& caller, const Affinity* affinity) {
  if (!serves_a_port(destination, service, traits)) return {Reason::port_missing};
  if (!traits.network.empty() && !caller.networks.empty() &&
      std::find(caller.networks.begin(), caller.networks.end(), traits.network) ==
          caller.networks.end())
    return {Reason::network_unreachable};
  const auto level = rung(destination, traits, caller);
  if (!level) return {Reason::not_preferred};
  if (!affinity) return {Reason::selected, *level};
  const bool there = is_there(traits, *affinity);
  if (!prefers(affinity)) return {there ? Reason::selected : Reason::elsewhere, *level};
  return {Reason::selected, there ? 0 : *level + 1};
}

// Draining is said of what still serves, so that it comes last: a drained endpoint of a cluster
// that is gone is gone.
Reason health_reason(const Endpoint& endpoint, Freshness freshness) {
  if (endpoint.health == Health::unhealthy) return Reason::unhealthy;
  if (freshness == Freshness::dead) return Reason::cluster_gone;
  if (freshness == Freshness::demoted || endpoint.path_failed) return Reason::path_failed;
  if (endpoint.health == Health::draining) return Reason::draining;
  return Reason::selected;
}

// What was withdrawn on purpose is no missing capacity: it does not make a tier look ill.
bool counts_as_capacity(Reason reason) {
  return reason != Reason::draining && reason != Reason::cluster_gone;
}

struct Rung {
  std::vector<Choice> healthy, ill;
  double healthy_weight = 0, total_weight = 0;

  double health() const {
    return total_weight > 0 ? std::min(1.0, kOverprovisioning * healthy_weight / total_weight) : 0;
  }
};

struct Ladder {
  std::vector<Rung> rungs;
  std::vector<std::string> names;
};

Ladder climb(const Destination& destination, const View& view, const Caller& caller,
             const Affinity* affinity, Selection& selection) {
  Ladder ladder;
  if (destination.prefer.empty())
    ladder.names.assign(std::begin(kDefaultLadder), std::end(kDefaultLadder));
  else
    ladder.names = destination.prefer;
  if (prefers(affinity))
    ladder.names.insert(ladder.names.begin(),
                        std::string(to_string(affinity->topology)) + " " + affinity->place);
  ladder.rungs.resize(ladder.names.size());

  for (const auto& service : destination.services) {
    const auto* cluster = view.find_cluster(service->cluster);
    const auto freshness = cluster ? cluster->freshness : Freshness::fresh;
    const Traits* traits = nullptr;
    Standing standing;  // of those traits: neighbours are alike more often than not
    for (std::uint32_t i = 0; i < service->endpoints.size(); ++i) {
      const auto& endpoint = service->endpoints[i];
      if (endpoint.traits.get() != traits) {
        traits = endpoint.traits.get();
        standing = stand(destination, *service, *traits, caller, affinity);
      }
      Choice choice{service.get(), i, standing.reason, freshness != Freshness::fresh};
      if (endpoint.weight == 0) choice.reason = Reason::weight_zero;
      if (choice.reason != Reason::selected) {
        selection.left_out.push_back(choice);
        continue;
      }
      auto& at = ladder.rungs[standing.rung];
      choice.reason = health_reason(endpoint, freshness);
      if (counts_as_capacity(choice.reason)) at.total_weight += endpoint.weight;
      if (choice.reason == Reason::selected) at.healthy_weight += endpoint.weight;
      (choice.reason == Reason::selected ? at.healthy : at.ill).push_back(choice);
    }
  }
  return ladder;
}

// Nothing is healthy: answer with what there is rather than with nothing (dns.md D3), best rung
// first. What drains still serves, where the rest does not (Kubernetes sends to terminating pods
// that serve when no others are ready, KEP-1669).
void fail_open(Ladder& ladder, Selection& selection) {
  selection.fail_open = selection.degraded = true;
  const auto draining = [](const Choice& choice) { return choice.reason == Reason::draining; };
  const bool some_drain = std::any_of(
      ladder.rungs.begin(), ladder.rungs.end(),
      [&](const Rung& rung) { return std::any_of(rung.ill.begin(), rung.ill.end(), draining); });
  for (std::size_t i = 0; i < ladder.rungs.size(); ++i) {
    Tier tier{ladder.names[i], 0, {}};
    for (const auto& choice : ladder.rungs[i].ill)
      (some_drain && !draining(choice) ? selection.left_out : tier.endpoints).push_back(choice);
    if (!tier.endpoints.empty()) selection.tiers.push_back(std::move(tier));
  }
  if (!selection.tiers.empty()) selection.tiers.front().share = 1;
}

// Of a place where nothing is healthy: what is there of what is answered without being pinned. That
// is nothing, unless nothing is healthy anywhere.
Selection narrowed(Selection selection, const Affinity& affinity) {
  const auto is_elsewhere = [&](const Choice& choice) {
    return !is_there(*choice.endpoint().traits, affinity);
  };
  selection.degraded = !std::ranges::all_of(selection.left_out, is_elsewhere);
  for (auto& tier : selection.tiers) {
    tier.share = 0;
    const auto gone = std::stable_partition(tier.endpoints.begin(), tier.endpoints.end(),
                                            std::not_fn(is_elsewhere));
    std::for_each(gone, tier.endpoints.end(), [&](Choice choice) {
      choice.reason = Reason::elsewhere;
      selection.left_out.push_back(choice);
    });
    tier.endpoints.erase(gone, tier.endpoints.end());
  }
  std::erase_if(selection.tiers, [](const Tier& tier) { return tier.endpoints.empty(); });
  if (selection.tiers.empty()) return selection;
  selection.tiers.front().share = 1;
  selection.degraded = true;
  return selection;
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::selected:
      return "selected";
    case Reason::unhealthy:
      return "unhealthy";
    case Reason::draining:
      return "draining";
    case Reason::path_failed:
      return "path failed";
    case Reason::cluster_gone:
      return "cluster gone";
    case Reason::network_unreachable:
      return "network unreachable";
    case Reason::weight_zero:
      return "weight 0";
    case Reason::not_preferred:
      return "not preferred";
    case Reason::port_missing:
      return "port missing";
    case Reason::elsewhere:
      return "elsewhere";
  }
  return "unknown";
}

Selection select(const Destination& destination, const View& view, const Caller& caller,
                 const Affinity* affinity) {
  Selection selection;
  auto ladder = climb(destination, view, caller, affinity, selection);

  double total_health = 0;
  for (const auto& rung : ladder.rungs) total_health += rung.health();
  if (total_health <= 0) {
    if (affinity && !prefers(affinity))
      return narrowed(select(destination, view, caller), *affinity);
    fail_open(ladder, selection);
    return selection;
  }

  const double scale = std::min(1.0, total_health);
  double left = 1;
  bool ill_above = false;
  for (std::size_t i = 0; i < ladder.rungs.size(); ++i) {
    auto& rung = ladder.rungs[i];
    if (!rung.healthy.empty()) {
      const double share = std::min(left, rung.health() / scale);
      left -= share;
      selection.degraded |= ill_above || (selection.tiers.empty() && share < 1);
      for (const auto& choice : rung.healthy) selection.degraded |= choice.stale;
      selection.tiers.push_back({ladder.names[i], share, std::move(rung.healthy)});
    }
    ill_above |= selection.tiers.empty() && rung.total_weight > 0;
    std::move(rung.ill.begin(), rung.ill.end(), std::back_inserter(selection.left_out));
  }
  // Rounding must not leave a sliver of traffic without a tier.
  selection.tiers.front().share += left;
  return selection;
}

}  // namespace discovery::view
