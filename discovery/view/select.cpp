#include "discovery/view/select.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <span>

#include "base/network.hpp"
#include "discovery/view/overprovisioning.hpp"

namespace discovery::view {
namespace {

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
               const Caller& caller, const Ranking& ranking, const Affinity* affinity) {
  if (!serves_a_port(destination, service, traits)) return {Reason::port_missing};
  if (!base::is_reachable(traits.network, caller.networks)) return {Reason::network_unreachable};
  const auto level = ranking.rung(traits);
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

double health_of(double healthy_weight, double total_weight) {
  return total_weight > 0 ? std::min(1.0, kOverprovisioning * healthy_weight / total_weight) : 0;
}

struct Rung {
  std::string name;
  std::uint32_t split = 0;  // its weight among its neighbours that have one; 0 = it stands alone
  std::vector<Choice> healthy, ill;
  double healthy_weight = 0, total_weight = 0;
  std::uint16_t left = 0;  // of the healthy one that is drained least
  bool drains = false;     // of some healthy one not all is left

  // Of what its priority takes, before it is divided by the sum of all.
  double part() const {
    return std::max(split, 1u) * health_of(healthy_weight, total_weight) * left / kAllLeft;
  }
};
using Ladder = std::vector<Rung>;

// Rungs that stand together: one, or those that traffic is split among.
using Priority = std::span<Rung>;

std::vector<Priority> priorities(Ladder& ladder) {
  std::vector<Priority> all;
  for (std::size_t i = 0, end = 0; i < ladder.size(); i = end) {
    for (end = i + 1; ladder[i].split > 0 && end < ladder.size() && ladder[end].split > 0;) ++end;
    all.push_back(Priority(ladder).subspan(i, end - i));
  }
  return all;
}

double health_of(Priority priority) {
  double healthy = 0, total = 0;
  std::uint16_t left = 0;
  for (const auto& rung : priority) {
    healthy += rung.healthy_weight;
    total += rung.total_weight;
    left = std::max(left, rung.left);
  }
  return health_of(healthy, total) * left / kAllLeft;
}

Ladder climb(const Destination& destination, const View& view, const Caller& caller,
             const Affinity* affinity, Selection& selection) {
  const Ranking ranking(destination, caller);
  Ladder ladder;
  ladder.reserve(ranking.rungs().size() + 1);
  if (prefers(affinity))
    ladder.emplace_back().name = std::string(to_string(affinity->topology)) + " " + affinity->place;
  for (const auto& rung : ranking.rungs()) {
    ladder.emplace_back().name = rung.name;
    ladder.back().split = rung.weight;
  }

  for (const auto& service : destination.services) {
    const auto* cluster = view.find_cluster(service->cluster);
    const auto freshness = cluster ? cluster->freshness : Freshness::fresh;
    const auto* drains = view.find_drains(service->cluster);
    const auto left = drains ? left_of(*service, *drains) : kAllLeft;
    const Traits* traits = nullptr;
    Standing standing;  // of those traits: neighbours are alike more often than not
    for (std::uint32_t i = 0; i < service->endpoints.size(); ++i) {
      const auto& endpoint = service->endpoints[i];
      if (endpoint.traits.get() != traits) {
        traits = endpoint.traits.get();
        standing = stand(destination, *service, *traits, caller, ranking, affinity);
      }
      Choice choice{service.get(), i, standing.reason, freshness != Freshness::fresh};
      if (endpoint.weight == 0) choice.reason = Reason::weight_zero;
      if (choice.reason != Reason::selected) {
        selection.left_out.push_back(choice);
        continue;
      }
      auto& at = ladder[standing.rung];
      choice.reason = health_reason(endpoint, freshness);
      if (drains) choice.left = std::min(left, left_of(endpoint, *drains));
      if (choice.left == 0 && choice.reason == Reason::selected) choice.reason = Reason::draining;
      if (choice.left > 0 && counts_as_capacity(choice.reason)) at.total_weight += endpoint.weight;
      if (choice.reason == Reason::selected) {
        at.healthy_weight += endpoint.weight;
        at.left = std::max(at.left, choice.left);
        at.drains |= choice.left < kAllLeft;
      }
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
  const bool some_drain = std::any_of(ladder.begin(), ladder.end(), [&](const Rung& rung) {
    return std::any_of(rung.ill.begin(), rung.ill.end(), draining);
  });
  for (const auto priority : priorities(ladder)) {
    const bool first = selection.tiers.empty();
    double sum = 0;
    for (const auto& rung : priority) {
      Tier tier{rung.name, first ? std::max(rung.split, 1u) : 0.0, {}};
      for (const auto& choice : rung.ill)
        (some_drain && !draining(choice) ? selection.left_out : tier.endpoints).push_back(choice);
      if (tier.endpoints.empty()) continue;
      sum += tier.share;
      selection.tiers.push_back(std::move(tier));
    }
    if (!first) continue;
    for (auto& tier : selection.tiers) tier.share /= sum;
  }
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

std::uint32_t Tier::weight_of(const Choice& choice) const {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const std::uint64_t weight = choice.endpoint().weight;
  return static_cast<std::uint32_t>(std::min(drains ? weight * choice.left : weight, kMost));
}

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

  const auto all = priorities(ladder);
  double total_health = 0;
  for (const auto priority : all) total_health += health_of(priority);
  if (total_health <= 0) {
    if (affinity && !prefers(affinity))
      return narrowed(select(destination, view, caller), *affinity);
    fail_open(ladder, selection);
    return selection;
  }

  const double scale = std::min(1.0, total_health);
  double left = 1;
  bool ill_above = false;
  for (const auto priority : all) {
    double parts = 0, capacity = 0;
    for (const auto& rung : priority) {
      parts += rung.part();
      capacity += rung.total_weight;
    }
    const double share = std::min(left, health_of(priority) / scale);
    const bool first = selection.tiers.empty();
    if (parts > 0) {
      left -= share;
      selection.degraded |= ill_above || (first && share < 1);
    }
    for (auto& rung : priority) {
      if (!rung.healthy.empty()) {
        rung.healthy.shrink_to_fit();  // there are as many as endpoints
        const bool whole = rung.part() >= std::max(rung.split, 1u);
        selection.degraded |= share > 0 && priority.size() > 1 && !whole;
        for (const auto& choice : rung.healthy) selection.degraded |= choice.stale;
        selection.tiers.push_back(
            {rung.name, share * rung.part() / parts, std::move(rung.healthy), rung.drains});
      } else if (priority.size() > 1) {
        selection.degraded |= share > 0 && rung.total_weight > 0;
      }
      std::move(rung.ill.begin(), rung.ill.end(), std::back_inserter(selection.left_out));
    }
    ill_above |= selection.tiers.empty() && capacity > 0;
  }
  // Rounding must not leave a sliver of traffic without a tier.
  selection.tiers.front().share += left;
  return selection;
}

}  // namespace discovery::view
