// The destinations of a resolution by the namespace and name of what defines them, as references
// call them.
//
// Goes from resolution to resolution: what has changed is found and put in its place; nothing is
// done before somebody asks. Thread: the builder's.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forwarder/kept_upstreams.hpp"

namespace forwarder {

class DestinationNames {
 public:
  using Source = KeptUpstreams::Source;
  using Key = std::pair<std::string_view, std::string_view>;  // namespace, name

  // Of that resolution from here on.
  void go_to(const std::vector<Source>& destinations);
  const std::vector<Source>& find(Key key) const;  // in the order of their hosts

  template <class F>
  void for_each(F&& f) const {
    for (const auto& [key, called] : by_name_) f(Key(key), called);
  }

 private:
  struct KeyLess {
    using is_transparent = void;
    bool operator()(const Key& a, const Key& b) const { return a < b; }
  };
  std::vector<Source> destinations_;
  std::map<std::pair<std::string, std::string>, std::vector<Source>, KeyLess> by_name_;
};

}  // namespace forwarder
