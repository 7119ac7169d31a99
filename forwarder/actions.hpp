// Makes a route's action of what a route table says: destinations found, weights as shares,
// patterns compiled.
//
// A route that can't do what is written answers 500 with the reason and is a problem; the other
// routes of its table stay as they are (failureMode ROUTE_REPLACEMENT). Of several weighted
// destinations, one that is not known counts as one without endpoints. Before the first sync so
// does a sole one: such a route leads to nothing yet (503) and is not broken.
//
// A destination that is not known here is an error where nobody else can have it: no other agent is
// heard, and its reference names no other cluster. Else it is a warning, for what other clusters
// export comes and goes; so is one of a kind that is not supported. Thread: the builder's.
#pragma once

#include <map>
#include <memory>

#include "forwarder/config.hpp"
#include "forwarder/delegation.hpp"
#include "forwarder/policies.hpp"
#include "forwarder/routes.hpp"
#include "forwarder/upstreams.hpp"

namespace forwarder {

// What a root's routes were made of, beside its tables: while none of it changes, they stay.
struct Asked {
  ReferenceNames names;               // of their destinations
  bool hints = false;                 // for a name that is not known: any other may be near it
  std::vector<UpstreamId> upstreams;  // that they lead to, each once
  Policies::Claimed policies;
};

// Of one root.
class Actions {
 public:
  Actions(Upstreams& upstreams, Policies& policies, const ForwarderConfig& config, Asked& asked,
          resources::Problems& problems)
      : upstreams_(upstreams),
        policies_(policies),
        config_(config),
        asked_(asked),
        problems_(problems) {}

  // A route that several parents lead to, and that has the same policies below each, is made once.
  std::shared_ptr<const Route> of(const FlatRoute& flat);
  // When all are made.
  void finish();

 private:
  using Action = decltype(Route::action);
  base::Result<Upstreams::Target> find(const resources::DestinationRef& ref, std::string_view home);
  SelectableRoute selectable(const FlatRoute& flat, const std::string& name);
  Action compile(const FlatRoute& flat, const resources::ForwardTo& forward);
  Action compile(const FlatRoute& flat, const resources::Redirect& redirect);
  Action broken(const FlatRoute& flat, std::string_view field, const base::Error& reason);
  // "" or why the route leads to nothing, which is among the problems then.
  std::string find_destinations(const FlatRoute& flat,
                                const std::vector<resources::DestinationRef>& refs,
                                Destinations& found);
  void warn_of_protocol(const FlatRoute& flat, const resources::DestinationRef& ref,
                        std::size_t index, const Upstreams::Target& target);
  bool may_come(const resources::DestinationRef& ref) const;
  void report(const FlatRoute& flat, const resources::DestinationRef& ref, std::size_t index,
              const base::Error& reason);

  Upstreams& upstreams_;
  Policies& policies_;
  const ForwarderConfig& config_;
  Asked& asked_;
  resources::Problems& problems_;
  std::map<std::pair<const resources::HttpRoute*, Policies::Choice>, std::shared_ptr<const Route>>
      made_;
};

}  // namespace forwarder
