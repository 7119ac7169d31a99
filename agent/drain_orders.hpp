// POST /api/v1/drain and /api/v1/undrain, and what status says of drains.
//
// drain?kind=service&name=NAMESPACE/NAME&over=60s&dryRun=true&force=true is refused where some
// destination would have nothing healthy left, unless forced. Until this agent has heard what its
// siblings know, both are: an order of its own might count for less than one that it does not know.
// Thread: io.
#pragma once

#include "agent/config.hpp"
#include "agent/control.hpp"
#include "agent/drainer.hpp"
#include "agent/http_message.hpp"
#include "agent/metrics.hpp"
#include "agent/report.hpp"

namespace agent {

HttpReply order_drain(const HttpRequest& request, const Config& config,
                      const Membership& membership, const discovery::view::Resolution& resolution,
                      Drainer& drainer);
HttpReply order_undrain(const HttpRequest& request, const Config& config,
                        const Membership& membership, const discovery::view::View& view,
                        Drainer& drainer);

// Of all clusters; of what is drained here how it goes on, too.
Json report_drains(const discovery::view::View& view, const Drainer& drainer);
void add(Metrics& metrics, const discovery::view::View& view);

}  // namespace agent
