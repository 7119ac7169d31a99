// Whether an endpoint is ejected for what came of a request there: outlier.hpp's counts, and how
// many of its destination's endpoints are ejected already.
//
// Thread: any.
#pragma once

#include "base/time.hpp"
#include "forwarder/table.hpp"

namespace forwarder {

// `status`: that came, 0: none. True: it is ejected for it. Without a policy nothing happens.
bool judge(const Upstream& upstream, const Member& member, std::uint16_t status,
           base::TimePoint now);

}  // namespace forwarder
