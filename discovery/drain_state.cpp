#include "discovery/drain_state.hpp"

#include <algorithm>

namespace discovery {
namespace {

// A dead agent's word stands where it died: who carries the order out is further.
bool counts_before(const DrainState& one, const DrainState& other) {
  if (one.order != other.order) return one.order > other.order;
  return one.back ? one.left > other.left : one.left < other.left;
}

}  // namespace

view::Drains heeded(const std::vector<DrainStates>& said) {
  DrainStates latest;
  view::Drains drains;
  for (const auto& states : said)
    for (const auto& state : states) {
      if (state.order.counter == 0) {
        merge(drains, {{state.target, state.left}});
        continue;
      }
      const auto known = std::ranges::find(latest, state.target, &DrainState::target);
      if (known == latest.end())
        latest.push_back(state);
      else if (counts_before(state, *known))
        *known = state;
    }
  for (const auto& state : latest)
    if (state.left < view::kAllLeft) merge(drains, {{state.target, state.left}});
  return drains;
}

}  // namespace discovery
