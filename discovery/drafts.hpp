// What a host leads to, as documents and rows say it: all of a destination but its door.
//
// Thread: pure functions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "discovery/view/destination.hpp"
#include "resources/virtual_destination.hpp"

namespace discovery {

// Of all services those that the definition selects.
view::Destination draft(const std::string& host, const resources::VirtualDestination& definition,
                        std::vector<std::string> conflicts,
                        const std::vector<std::shared_ptr<const view::Service>>& all);
bool selects(const resources::VirtualDestination& definition, const view::Service& service);

// Of services of one name, the first of which says what the host means.
view::Destination draft(std::string host,
                        const std::vector<std::shared_ptr<const view::Service>>& services);

// Apart from what follows from the rest and the rules: the door and the ports that it does not
// serve.
bool same_but_door(const view::Destination& a, const view::Destination& b);

}  // namespace discovery
