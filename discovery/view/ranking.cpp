#include "discovery/view/ranking.hpp"

#include <algorithm>

#include "resources/external_aliases.hpp"
#include "resources/place.hpp"

namespace discovery::view {
namespace {

using resources::holds;

constexpr const char* kLadder[] = {"own cluster and zone", "own cluster", "same zone",
                                   "same region", "any"};
constexpr std::size_t kOwnCluster = 1;
constexpr std::size_t kAny = std::size(kLadder) - 1;

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

int narrowness(const base::Locality& place) {
  return (place.zone.empty() ? 0 : 1) + (place.sub_zone.empty() ? 0 : 1);
}

const resources::LocalityMapping* mapping_for(const Destination& destination,
                                              const Caller& caller) {
  const resources::LocalityMapping* best = nullptr;
  if (!destination.failover) return best;
  for (const auto& mapping : destination.failover->mappings)
    if (holds(mapping.from, caller.locality) &&
        (!best || narrowness(mapping.from) > narrowness(best->from)))
      best = &mapping;
  return best;
}

// "" = it is no label of a place, or that is not known.
std::string_view place_of(std::string_view key, const base::Locality& locality,
                          std::string_view cluster) {
  using Label = resources::PlaceLabel;
  const auto label = resources::place_label(key);
  if (label == Label::region) return locality.region;
  if (label == Label::zone) return locality.zone;
  if (label == Label::sub_zone) return locality.sub_zone;
  return label == Label::cluster ? cluster : std::string_view();
}

bool has(const resources::PriorityLabel& label, const Traits& traits, const Caller& caller) {
  const auto wanted = label.value.empty() ? place_of(label.key, caller.locality, caller.cluster)
                                          : std::string_view(label.value);
  const auto own = traits.labels.find(label.key);
  const auto theirs = own != traits.labels.end()
                          ? std::string_view(own->second)
                          : place_of(label.key, traits.locality, traits.cluster);
  return !wanted.empty() && theirs == wanted;
}

}  // namespace

bool selects(const resources::FailoverPolicy& policy, const Destination& destination) {
  const auto kind = destination.kind == Destination::Kind::service
                        ? resources::DestinationKind::service
                        : resources::kind_of(destination.name);
  const auto name = destination.kind == Destination::Kind::service
                        ? std::string_view(destination.name)
                        : resources::title_of(destination.name).name;
  const auto has_port = [&](const resources::PortSelector& port) {
    return port.unset() || std::ranges::any_of(destination.ports, [&](const auto& one) {
             return port.number != 0 ? one.number == port.number : one.name == port.name;
           });
  };
  return policy.destinations.empty() ||
         std::ranges::any_of(policy.destinations, [&](const auto& selector) {
           return selector.kind == kind &&
                  selector.object.matches(destination.labels, name, destination.namespace_,
                                          destination.cluster) &&
                  has_port(selector.port);
         });
}

Ranking::Ranking(const Destination& destination, const Caller& caller)
    : destination_(destination), caller_(caller), mapping_(mapping_for(destination, caller)) {
  if (mapping_) {
    const bool split = mapping_->is_split();
    if (!split) {
      add_ladder(0);
      rungs_.pop_back();
    }
    for (const auto& to : mapping_->to) {
      const auto place = to.locality.to_string();
      rungs_.push_back({split ? place : "failover to " + place, to.weight});
    }
    add_ladder(split ? 0 : kAny);
  } else if (destination.failover && !destination.failover->labels.empty()) {
    const auto count = destination.failover->labels.size();
    for (auto run = count; run > 0; --run)
      rungs_.push_back({"the first " + std::to_string(run) + " of " + std::to_string(count) +
                        " priority labels"});
    rungs_.push_back({kLadder[kAny]});
  } else if (destination.prefer.empty()) {
    add_ladder(0);
  } else {
    for (const auto& preference : destination.prefer) rungs_.push_back({preference});
  }
}

void Ranking::add_ladder(std::size_t from) {
  for (; from < std::size(kLadder); ++from) rungs_.push_back({kLadder[from]});
}

std::optional<std::size_t> Ranking::rung(const Traits& traits) const {
  if (mapping_) return by_mapping(traits);
  if (destination_.failover && !destination_.failover->labels.empty()) return by_labels(traits);
  if (destination_.prefer.empty()) return by_ladder(traits);
  for (std::size_t i = 0; i < destination_.prefer.size(); ++i)
    if (satisfies(destination_.prefer[i], traits, caller_)) return i;
  return std::nullopt;
}

std::size_t Ranking::by_ladder(const Traits& traits) const {
  const bool own = traits.cluster == caller_.cluster;
  if (own && same_zone(traits.locality, caller_.locality)) return 0;
  if (own) return 1;
  if (same_zone(traits.locality, caller_.locality)) return 2;
  return same_region(traits.locality, caller_.locality) ? 3 : kAny;
}

std::size_t Ranking::by_mapping(const Traits& traits) const {
  const auto& places = mapping_->to;
  const auto found = std::ranges::find_if(
      places, [&](const auto& to) { return holds(to.locality, traits.locality); });
  const auto place = static_cast<std::size_t>(found - places.begin());
  auto near = by_ladder(traits);
  // Gloo's ladder, by place alone: the own cluster's part in another region is not near.
  if (near == kOwnCluster && !same_region(traits.locality, caller_.locality)) near = kAny;
  if (mapping_->is_split()) return place < places.size() ? place : places.size() + near;
  return near < kAny ? near : kAny + place;  // behind all places: any
}

std::size_t Ranking::by_labels(const Traits& traits) const {
  const auto& labels = destination_.failover->labels;
  const auto end = std::ranges::find_if_not(
      labels, [&](const auto& label) { return has(label, traits, caller_); });
  return static_cast<std::size_t>(labels.end() - end);
}

}  // namespace discovery::view
