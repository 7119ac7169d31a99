// The admin API: GET /api/v1/{status,members,services,endpoints,destinations,documents,routes,
// explain,route,config} as JSON, POST
// /api/v1/{reload,forget,release,drain,undrain,register,deregister}; and /livez, /readyz,
// /healthz, /metrics, which the probes listener has alone.
//
// Truth in health (DESIGN §7): live = the process turns; ready = local sources are synced and a
// peer was heard, or patience ran out, the doors were built of that and the forwarder's ports
// opened, and the agent is not stopping. A port that a document asks for and that cannot be bound
// is a trouble in status, not a reason to take the agent out of service. Thread: io only.
// Ownership: what Sources names outlives it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/config.hpp"
#include "agent/control.hpp"
#include "agent/drainer.hpp"
#include "agent/http_routes.hpp"
#include "agent/metrics.hpp"
#include "agent/registrar.hpp"
#include "agent/report.hpp"
#include "agent/served.hpp"
#include "base/published.hpp"
#include "dns/table.hpp"

namespace agent {

class Api {
 public:
  struct Sources {
    const Config& config;
    base::Published<Served>& served;
    base::Published<dns::Table>& names;
    base::Published<forwarder::Table>& routes;
    const Control& control;
    Drainer& drainer;
    Registrar& registrar;
    std::function<bool()> stopping;
    std::function<bool()> listening;  // the forwarder, if any, on the ports of the first tables
    std::function<std::vector<std::string>()> troubles;  // "forwarder 10.0.0.1:80: in use"
    std::function<void(Metrics&)> worker_metrics;
    std::function<void()> reload;
    std::function<void(std::string)> forget;
    std::function<void(std::string)> release;  // a source, or "" = all
    std::function<std::vector<Refusals::Entry>()> refusals;
    std::function<Json()> upstreams;   // of DNS
    std::function<Json()> kubernetes;  // null = none is read
    std::function<Json()> looked_up;   // the names that documents give instead of addresses
    std::function<Json()> checks;      // of endpoints
  };

  explicit Api(Sources sources);

  // Each refers to this.
  HttpRoutes admin();
  HttpRoutes probes();

  bool ready() { return unready(*sources_.control.membership()).empty(); }

 private:
  void add_probes(HttpRoutes& routes);
  void add_report(HttpRoutes& routes, std::string name, std::function<Json(const Served&)> make);
  HttpReply health();
  HttpReply explain_reply(const HttpRequest& request);
  HttpReply route_reply(const HttpRequest& request);
  HttpReply forget(const HttpRequest& request) const;
  HttpReply release(const HttpRequest& request) const;
  HttpReply metrics();
  Json status(const Served& served);
  std::vector<std::string> degraded(const Served& served, const Membership& membership);
  std::vector<std::string> unready(const Membership& membership);

  const Sources sources_;
  base::Published<Served>::Reader served_;
  base::Published<Served>::Reader
      built_;  // for unready(), which reports ask while they hold served_
  base::Published<dns::Table>::Reader names_;
  base::Published<forwarder::Table>::Reader routes_;
};

}  // namespace agent
