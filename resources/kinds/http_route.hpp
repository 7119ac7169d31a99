// Readers for the parts of a RouteTable's http routes: what they match (gloo.md §1) and what they
// do (§2).
#pragma once

#include "resources/binder.hpp"
#include "resources/route_table.hpp"

namespace resources {

void read(const Value& value, HttpMatcher& out);
void read(const Value& value, HttpRoute& out);

// Checks the weights of one forwardTo (gloo.md §1 "Weights") and that it has no more than
// kMaxDestinations.
void check_weights(const Value& destinations, const std::vector<DestinationRef>& parsed);

inline constexpr std::size_t kMaxDestinations = 100;
inline constexpr std::size_t kMaxDirectBody = 1u << 20;

}  // namespace resources
