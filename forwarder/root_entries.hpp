// Makes the entries of one root table: flattens its delegations, compiles each route's matchers and
// action, and says what is wrong where. Thread: the builder's.
#pragma once

#include <memory>

#include "forwarder/kept_roots.hpp"

namespace forwarder {

Root make_root(const std::shared_ptr<const resources::RouteTable>& table,
               const RootSources& sources);

}  // namespace forwarder
