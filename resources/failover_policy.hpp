// Where a destination's callers are sent, and where to when that fails: Gloo's FailoverPolicy
// (resilience.policy.gloo.solo.io/v2; gloo.md §4). What it means is discovery/view/ranking.hpp's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/locality.hpp"
#include "resources/policy.hpp"

namespace resources {

struct LocalityMapping {
  struct To {
    base::Locality locality;   // what is empty is any
    std::uint32_t weight = 0;  // of 100; 0 = none of the mapping's has one
  };
  base::Locality from;  // of the callers
  std::vector<To> to;   // never empty

  bool is_split() const { return to.front().weight > 0; }
};

// The labels that Kubernetes and Istio give a place: what of a caller is known here.
enum class PlaceLabel : std::uint8_t { region, zone, sub_zone, cluster };
std::optional<PlaceLabel> place_label(std::string_view key);

// An endpoint has it: with that value, or, where there is none, with the caller's.
struct PriorityLabel {
  std::string key, value;
};

struct FailoverPolicy {
  static constexpr std::string_view kKind = "FailoverPolicy";

  Metadata metadata;
  std::vector<DestinationSelector> destinations;  // empty = every one
  std::vector<LocalityMapping> mappings;
  std::vector<PriorityLabel> labels;  // the first counts most
};

}  // namespace resources
