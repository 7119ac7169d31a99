// What the builder makes of a view and publishes for dns, forwarder and explain alike: for each
// destination and each class of callers, the selection. Nobody selects again on the path of a query
// or a request.
//
// Callers fall into classes by locality: class 0 is the agent's own; a known local endpoint's
// address leads to the class of its zone, any other to that of the network it is in, where one is
// named (DESIGN §5 "The caller's locality"). Thread: immutable;
// shared by reference count between the builder's products.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "discovery/view/select.hpp"
#include "discovery/view/view.hpp"

namespace discovery::view {

struct Callers {
  std::vector<Caller> classes;  // never empty; [0] is the agent's own
  // Known endpoints; where no networks are named, only those of another class than 0.
  std::unordered_map<base::IpAddress, std::uint16_t> class_of;
  NetworkClasses networks;
};

struct ResolvedDestination {
  std::shared_ptr<const Destination> destination;
  std::vector<Selection> by_class;  // one for each class of callers
};

struct Resolution {
  std::shared_ptr<const View> view;
  std::shared_ptr<const Callers> callers;
  // In the order of view->destinations (by host).
  std::vector<std::shared_ptr<const ResolvedDestination>> destinations;

  // Its place; destinations.size(): there is none.
  std::size_t place_of(std::string_view host) const;
  const ResolvedDestination* find(std::string_view host) const;
};

inline constexpr std::size_t kMaxCallerClasses = 64;

// Runs select() for every destination and class; what would come out as before is the same object
// as before. Cost: classes × endpoints of the destinations that changed, or whose clusters' state
// did; of all others a pointer, but where clusters' state, or our own endpoints, changed.
class Resolver {
 public:
  std::shared_ptr<const Resolution> resolve(std::shared_ptr<const View> view);

 private:
  std::shared_ptr<const Resolution> last_;  // null before the first
};

// Once.
inline Resolution resolve(std::shared_ptr<const View> view) {
  return *Resolver().resolve(std::move(view));
}

}  // namespace discovery::view
