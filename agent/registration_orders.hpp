// POST /api/v1/register?lease=30s and /api/v1/deregister, a service in the short form as their
// body; and what status says of what is registered, here or at another agent of the cluster.
//
// Thread: io.
#pragma once

#include "agent/config.hpp"
#include "agent/http_message.hpp"
#include "agent/metrics.hpp"
#include "agent/registrar.hpp"
#include "agent/report.hpp"

namespace agent {

HttpReply order_register(const HttpRequest& request, const Config& config, Registrar& registrar);
HttpReply order_deregister(const HttpRequest& request, const Config& config, Registrar& registrar);

Json report_registrations(const Registrar& registrar);
void add(Metrics& metrics, const Registrar& registrar);

}  // namespace agent
