// The destinations of a resolution by the namespace and name of what defines them, as references
// call them, and what of them has changed.
//
// Goes from resolution to resolution: what has changed is found and put in its place. Thread: the
// builder's.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forwarder/kept_upstreams.hpp"

namespace forwarder {

// What a reference names: namespace, name.
using ReferenceName = std::pair<std::string, std::string>;

struct ReferenceNameLess {
  using is_transparent = void;
  using View = std::pair<std::string_view, std::string_view>;
  bool operator()(const View& a, const View& b) const { return a < b; }
};
using ReferenceNames = std::set<ReferenceName, ReferenceNameLess>;

// What a resolution has that the one before had not, as routes see it.
struct MeshChanges {
  // References to them may mean something else: what they name came, went, or looks different.
  // Other endpoints are no difference.
  ReferenceNames names;
  bool came_or_went = false;  // some name did: hints may be others
};

// But for their endpoints, and what follows from those.
bool look_alike(const discovery::view::Destination& a, const discovery::view::Destination& b);

class DestinationNames {
 public:
  using Source = KeptUpstreams::Source;
  using Key = ReferenceNameLess::View;

  // Of that resolution from here on.
  MeshChanges go_to(const discovery::view::Resolution& resolution);
  const std::vector<Source>& find(Key key) const;  // in the order of their hosts

  template <class F>
  void for_each(F&& f) const {
    for (const auto& [key, called] : by_name_) f(Key(key), called);
  }

 private:
  void compare_destinations(const std::vector<Source>& next, MeshChanges& changes);
  void compare_services(const discovery::view::View& next, MeshChanges& changes);

  std::vector<Source> destinations_;
  std::vector<std::shared_ptr<const discovery::view::Service>> services_;
  std::map<ReferenceName, std::vector<Source>, ReferenceNameLess> by_name_;
};

}  // namespace forwarder
