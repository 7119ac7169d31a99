#include "forwarder/attachment.hpp"

#include "resources/precedence.hpp"

namespace forwarder {
namespace {

bool selects(const resources::PortSelector& selector, const SelectableDestination& destination) {
  if (selector.unset()) return true;
  return selector.number != 0 ? selector.number == destination.port
                              : selector.name == destination.port_name;
}

bool selects(const resources::DestinationSelector& selector,
             const SelectableDestination& destination) {
  return selector.kind == destination.kind &&
         selector.object.matches(destination.labels, destination.name, destination.namespace_,
                                 destination.cluster) &&
         selects(selector.port, destination);
}

constexpr std::size_t kWinnersNamed = 3;

std::string_view one_of(Target target) {
  return target == Target::routes ? "route" : "destination";
}

std::string count(std::size_t n, const std::string& what) {
  return std::to_string(n) + ' ' + what + (n == 1 ? "" : "s");
}

std::string why_lost(const Attachable& policy, const Claim& claim, const Attachable& winner) {
  const auto more = "more " + std::string(one_of(policy.target));
  const auto others = claim.winners.size() - 1;
  const auto or_others = others > 0 ? " or " + count(others, "other") + " of its kind" : "";
  return claim.first_lost + (claim.lost > 1 ? " and " + count(claim.lost - 1, more) : "") +
         (claim.lost > 1 ? " have " : " has ") + winner.object + or_others + ", which is " +
         resources::why_precedes(*winner.metadata, *policy.metadata) +
         ": this one is skipped there";
}

// For a status: of a policy that has no target, whose targets are others'.
std::string taken_by(const std::vector<Attachable>& policies, const Claim& claim) {
  std::string names;
  std::size_t named = 0;
  for (const auto winner : claim.winners) {
    if (named++ == kWinnersNamed) break;
    names += (names.empty() ? "" : ", ") + policies[winner].object;
  }
  if (claim.winners.size() > kWinnersNamed)
    names += " and " + std::to_string(claim.winners.size() - kWinnersNamed) + " more";
  return "all that it selects have another of its kind: " + names;
}

}  // namespace

bool selects(const resources::RouteSelector& selector, const SelectableRoute& route) {
  if (!selector.route.matches(route.labels, "", route.namespace_, route.cluster)) return false;
  return !selector.with_destinations ||
         std::ranges::any_of(route.destinations, [&](const auto& destination) {
           return selects(*selector.with_destinations, destination);
         });
}

bool selects(const std::vector<resources::RouteSelector>& selectors, const SelectableRoute& route) {
  return std::ranges::any_of(selectors,
                             [&](const auto& selector) { return selects(selector, route); });
}

bool selects(const std::vector<resources::RouteDestinationSelector>& selectors,
             const SelectableRoute& route, const SelectableDestination& destination) {
  return std::ranges::any_of(selectors, [&](const auto& selector) {
    return selector.route.matches(route.labels, "", route.namespace_, route.cluster) &&
           (selector.destinations.empty() ||
            std::ranges::any_of(selector.destinations,
                                [&](const auto& one) { return selects(one, destination); }));
  });
}

bool selects(const std::vector<resources::DestinationSelector>& selectors,
             const SelectableDestination& destination) {
  return selectors.empty() || std::ranges::any_of(selectors, [&](const auto& selector) {
           return selects(selector, destination);
         });
}

void add(Claims& all, const Claims& more) {
  for (const auto& [place, claim] : more) {
    auto& sum = all[place];
    sum.targets += claim.targets;
    if (sum.lost == 0) {
      sum.first_lost = claim.first_lost;
      sum.lost_to = claim.lost_to;
    }
    sum.lost += claim.lost;
    sum.winners.insert(claim.winners.begin(), claim.winners.end());
  }
}

void report(const std::vector<Attachable>& policies, const Claims& claims,
            resources::Problems& problems, Statuses& statuses) {
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const auto& policy = policies[i];
    const auto found = claims.find(i);
    const auto claim = found == claims.end() ? Claim{} : found->second;
    const std::string target(one_of(policy.target));
    if (claim.lost > 0)
      problems.push_back(
          {resources::Severity::warning, policy.metadata->place, policy.object,
           policy.target == Target::routes ? "spec.applyToRoutes" : "spec.applyToDestinations",
           why_lost(policy, claim, policies[claim.lost_to]),
           "select different " + target + "s, or make one policy of the two"});
    auto status = status_of(policy.object, problems);
    if (claim.targets > 0) {
      status.notes.push_back("it applies to " + count(claim.targets, target));
    } else if (claim.lost > 0) {
      status.state = DocumentStatus::State::failed;
      status.notes.push_back(taken_by(policies, claim));
    } else {
      status.state = DocumentStatus::State::unused;
      status.notes.push_back("it selects no " + target);
    }
    statuses.push_back(std::move(status));
  }
}

}  // namespace forwarder
