// What a name leads a caller to, and why: what `nearmost explain` and /api/v1/explain say.
//
// It is the name as DNS finds it and the selection that DNS and the forwarder answer by, not ones
// like them: of a caller known by its address the one that was made for its class, of a name with a
// place in it (place_labels.hpp) the same narrowed one. Thread: pure functions over immutable
// values.
#pragma once

#include <string_view>

#include "agent/report.hpp"
#include "dns/table.hpp"

namespace agent {

// Which endpoints a caller gets for a name, in which tier, and why every other is left out.
//
// `name` is a destination's host, with or without the zone, and what may stand in front of it: a
// place, a port, `_explain`. `from` is the caller's address, or "cluster/region/zone" with any part
// left out; "" = the agent's own place. Not found → an object with "error" and a did-you-mean; a
// place that is none → "error" and "invalid".
Json explain(const dns::Table& table, std::string_view name, std::string_view from);

}  // namespace agent
