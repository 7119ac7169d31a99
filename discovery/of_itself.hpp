// What an origin says of itself, by rows of its own.
//
// Thread: pure functions.
#pragma once

#include <string>

#include "discovery/rows.hpp"
#include "discovery/view/drains.hpp"

namespace discovery {

std::string advertised_in(const Rows& rows);  // host:port where it takes links; "" = nowhere known
std::string stuck_in(const Rows& rows);       // why it cannot read its source; "" = it can
view::Drains drains_in(const Rows& rows);     // what it takes out of service

}  // namespace discovery
