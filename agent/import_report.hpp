// What other clusters export and this agent does not take, for status, explain and metrics: names
// outside its zones, endpoints at addresses that nobody may send it to (discovery/import_rule.hpp).
//
// Thread: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "agent/metrics.hpp"
#include "agent/report.hpp"
#include "discovery/view/view.hpp"

namespace agent {

// {"hosts": [{host, cluster, definedBy, reason}], "endpoints": [{cluster, service, reason, count}]}
Json report_not_imported(const discovery::view::View& view);
// Of one destination, as entries of `leftOut`.
void add_not_imported(const discovery::view::Destination& destination, Json& left_out);
// Why a host that is nobody's destination is not one; "" = nobody exports it.
std::string why_not_imported(const discovery::view::View& view, std::string_view host);
void add_not_imported(const discovery::view::View& view, Metrics& metrics);

}  // namespace agent
