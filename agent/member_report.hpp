// One member of the mesh as status, metrics and the list of what is degraded show it: how it is
// heard, whether its endpoints can be reached from here, and in words why it is not as it should
// be.
//
// Thread: pure functions over immutable values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/report.hpp"

namespace agent {

Json report(const std::vector<discovery::Member>& members);

// How long a change takes between us and a member that has a link to us: half of the last round
// trip of a beacon over it, less the time for which that lay there. Nothing without a link, or
// before the first (10 s at most).
std::optional<base::Duration> propagation(const discovery::Member& member);

// "" where all is well.
std::string trouble_of(const discovery::Member& member);

}  // namespace agent
