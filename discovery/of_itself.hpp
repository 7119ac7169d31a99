// What an origin says of itself, by rows of its own.
//
// Thread: pure functions.
#pragma once

#include <string>

#include "discovery/drain_state.hpp"
#include "discovery/row.hpp"
#include "discovery/rows.hpp"

namespace discovery {

std::string advertised_in(const Rows& rows);  // host:port where it takes links; "" = nowhere known
std::string stuck_in(const Rows& rows);       // why it cannot read its source; "" = it can
DrainStates drains_in(const Rows& rows);      // what it takes out of service, or did
SubsetsRow subsets_in(const Rows& rows);      // what of Pods it asks others for, and tells them

}  // namespace discovery
