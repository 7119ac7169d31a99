// Makes a route's action of what a route table says: destinations found, weights as shares,
// patterns compiled.
//
// A route that can't do what is written answers 500 with the reason and is a problem; the other
// routes of its table stay as they are (failureMode ROUTE_REPLACEMENT). Of several weighted
// destinations, one that is not known is a warning and counts as one without endpoints: what other
// clusters export comes and goes. Before the first sync so does a sole one: such a route leads to
// nothing yet (503) and is not broken. Thread: the builder's.
#pragma once

#include <map>
#include <memory>

#include "forwarder/delegation.hpp"
#include "forwarder/routes.hpp"
#include "forwarder/upstreams.hpp"

namespace forwarder {

class Actions {
 public:
  Actions(Upstreams& upstreams, resources::Problems& problems)
      : upstreams_(upstreams), problems_(problems) {}

  // A route that several parents lead to is made once.
  std::shared_ptr<const Route> of(const FlatRoute& flat);

 private:
  using Action = decltype(Route::action);
  Action compile(const FlatRoute& flat, const resources::ForwardTo& forward);
  Action compile(const FlatRoute& flat, const resources::Redirect& redirect);
  Action broken(const FlatRoute& flat, std::string_view field, const base::Error& reason);
  base::Result<std::vector<WeightedUpstream>> find_destinations(
      const FlatRoute& flat, const std::vector<resources::DestinationRef>& refs);

  Upstreams& upstreams_;
  resources::Problems& problems_;
  std::map<const resources::HttpRoute*, std::shared_ptr<const Route>> made_;
};

}  // namespace forwarder
