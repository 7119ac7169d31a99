// How long an agent that leaves goes on serving while its siblings take its callers over.
//
// Thread: a pure function.
#pragma once

#include "agent/config.hpp"
#include "agent/control.hpp"

namespace agent {

// Whoever was answered just before knows its address for an answer's TTL, and a balancer hears of
// it within the second. `membership`: null before there is one. 0 where nobody takes over, or the
// next process has the same sockets.
base::Duration hand_over_time(const Config& config, discovery::Goodbye::Reason reason,
                              const Membership* membership);

}  // namespace agent
