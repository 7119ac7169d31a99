// What an agent says of a drain, and which of several words on one target counts.
//
// Of two orders on a target the one with the higher number counts, whichever agent of the cluster
// took it; an agent that takes one gives it a number above all that it knows. What was taken back
// is said on as what all is left of, so that no older order comes back. Thread: values, pure
// functions.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "discovery/view/drains.hpp"

namespace discovery {

// A counter, and chance where two agents counted alike. Counter 0: of a program that knows no
// orders.
struct OrderNumber {
  std::uint64_t counter = 0;
  std::uint32_t chance = 0;
  friend auto operator<=>(const OrderNumber&, const OrderNumber&) = default;
};
inline constexpr std::uint64_t kMaxOrderCounter = std::uint64_t{1} << 60;

struct DrainState {
  view::DrainTarget target;
  std::uint16_t left = 0;  // thousandths; all: it is drained no more
  bool back = false;       // it is being taken back, or was
  base::Duration rest{};   // until nothing is left, or all
  OrderNumber order;
  friend bool operator==(const DrainState&, const DrainState&) = default;
};
using DrainStates = std::vector<DrainState>;

// What is left of what, by the words of a cluster's agents, dead ones among them. Of each target
// the latest order counts, and of those that carry it out who is furthest; what says no order
// counts always.
view::Drains heeded(const std::vector<DrainStates>& said);

}  // namespace discovery
