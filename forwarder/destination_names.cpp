#include "forwarder/destination_names.hpp"

#include <algorithm>

#include "base/list_difference.hpp"

namespace forwarder {

void DestinationNames::go_to(const std::vector<Source>& destinations) {
  const auto name_of = [](const Source& source) {
    return std::pair(source->destination->namespace_, source->destination->name);
  };
  const auto difference = base::difference(destinations_, destinations);
  for (const auto i : difference.gone) {
    const auto called = by_name_.find(name_of(destinations_[i]));
    std::erase(called->second, destinations_[i]);
    if (called->second.empty()) by_name_.erase(called);
  }
  for (const auto i : difference.come) {
    auto& called = by_name_[name_of(destinations[i])];
    const auto host_of = [](const Source& source) -> const std::string& {
      return source->destination->host;
    };
    called.insert(std::ranges::upper_bound(called, host_of(destinations[i]), {}, host_of),
                  destinations[i]);
  }
  destinations_ = destinations;
}

const std::vector<DestinationNames::Source>& DestinationNames::find(Key key) const {
  static const std::vector<Source> none;
  const auto found = by_name_.find(key);
  return found == by_name_.end() ? none : found->second;
}

}  // namespace forwarder
