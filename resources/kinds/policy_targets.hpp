// Readers for what policy.hpp declares.
#pragma once

#include "resources/binder.hpp"
#include "resources/policy.hpp"

namespace resources {

void read(const Value& value, DestinationSelector& out);
void read(const Value& value, RouteSelector& out);
void read(const Value& value, RouteDestinationSelector& out);

}  // namespace resources
