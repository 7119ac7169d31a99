// What an operator is told of the names that documents give instead of addresses: in status, in
// troubles and in /metrics.
//
// Thread: pure functions.
#pragma once

#include <string>
#include <vector>

#include "agent/metrics.hpp"
#include "agent/report.hpp"
#include "discovery/sources/names.hpp"

namespace agent {

using NameStatus = std::vector<discovery::sources::Names::Status>;

Json report(const NameStatus& names);
// One a name that cannot be looked up, and what serves meanwhile; `left_out`: names beyond the
// limit.
std::vector<std::string> troubles_of(const NameStatus& names, std::size_t left_out);
void add(Metrics& metrics, const NameStatus& names);

}  // namespace agent
