#include "agent/api.hpp"

#include <algorithm>

#include "agent/drain_orders.hpp"
#include "agent/explain_report.hpp"
#include "agent/import_report.hpp"
#include "agent/member_report.hpp"
#include "agent/registration_orders.hpp"
#include "agent/route_report.hpp"
#include "agent/version.hpp"
#include "resources/suggest.hpp"

namespace agent {
namespace {

HttpReply text(std::string body, std::uint16_t status = 200) {
  return {.status = status, .body = std::move(body), .content_type = "text/plain"};
}

HttpReply starting() { return refusal(503, "nothing has been built yet: the agent is starting"); }

// Lends what is published and parks again, whatever `use` returns.
template <class T, class Use>
HttpReply with(typename base::Published<T>::Reader& reader, Use&& use) {
  const auto* latest = reader.acquire();
  auto reply = latest ? use(*latest) : starting();
  reader.park();
  return reply;
}

}  // namespace

Api::Api(Sources sources)
    : sources_(std::move(sources)),
      served_(sources_.served),
      built_(sources_.served),
      names_(sources_.names),
      routes_(sources_.routes) {}

HttpRoutes Api::admin() {
  HttpRoutes routes;
  add_report(routes, "status", [this](const Served& served) { return status(served); });
  add_report(routes, "services",
             [](const Served& s) { return report_services(*s.resolution->view); });
  add_report(routes, "endpoints",
             [](const Served& s) { return report_endpoints(*s.resolution->view); });
  add_report(routes, "destinations",
             [](const Served& s) { return report_destinations(*s.resolution); });
  add_report(routes, "documents", [](const Served& s) { return report_documents(s); });
  add_report(routes, "routes", [](const Served& s) { return report(s.routing); });
  routes.get("/api/v1/members", [this](const HttpRequest&) {
    return json_reply(report(sources_.control.membership()->members));
  });
  routes.get("/api/v1/explain",
             [this](const HttpRequest& request) { return explain_reply(request); });
  routes.get("/api/v1/route", [this](const HttpRequest& request) { return route_reply(request); });
  routes.get("/api/v1/config", [this](const HttpRequest&) {
    return HttpReply{.body = print(sources_.config), .content_type = "application/yaml"};
  });
  routes.post("/api/v1/reload", [this](const HttpRequest&) {
    sources_.reload();
    return json_reply({{"reload", "begun"}}, 202);
  });
  routes.post("/api/v1/forget", [this](const HttpRequest& request) { return forget(request); });
  routes.post("/api/v1/release", [this](const HttpRequest& request) { return release(request); });
  routes.post("/api/v1/drain", [this](const HttpRequest& request) {
    return with<Served>(served_, [&](const Served& served) {
      return order_drain(request, sources_.config, *sources_.control.membership(),
                         *served.resolution, sources_.drainer);
    });
  });
  routes.post("/api/v1/undrain", [this](const HttpRequest& request) {
    return with<Served>(served_, [&](const Served& served) {
      return order_undrain(request, sources_.config, *sources_.control.membership(),
                           *served.resolution->view, sources_.drainer);
    });
  });
  routes.post("/api/v1/register", [this](const HttpRequest& request) {
    return order_register(request, sources_.config, sources_.registrar);
  });
  routes.post("/api/v1/deregister", [this](const HttpRequest& request) {
    return order_deregister(request, sources_.config, sources_.registrar);
  });
  add_probes(routes);
  return routes;
}

HttpRoutes Api::probes() {
  HttpRoutes routes;
  add_probes(routes);
  return routes;
}

void Api::add_probes(HttpRoutes& routes) {
  routes.get("/livez", [](const HttpRequest&) { return text("ok\n"); });
  routes.get("/readyz", [this](const HttpRequest&) { return health(); });
  routes.get("/healthz", [this](const HttpRequest&) { return health(); });
  routes.get("/metrics", [this](const HttpRequest&) { return metrics(); });
}

void Api::add_report(HttpRoutes& routes, std::string name,
                     std::function<Json(const Served&)> make) {
  routes.get("/api/v1/" + std::move(name), [this, make = std::move(make)](const HttpRequest&) {
    return with<Served>(served_, [&](const Served& served) { return json_reply(make(served)); });
  });
}

HttpReply Api::explain_reply(const HttpRequest& request) {
  const auto name = query_parameter(request.query, "name");
  if (!name || name->empty()) return refusal(400, "name a destination: /api/v1/explain?name=HOST");
  return with<dns::Table>(names_, [&](const dns::Table& names) {
    const auto answer = explain(names, *name, query_parameter(request.query, "from").value_or(""));
    return json_reply(answer, answer.contains("invalid") ? 400
                              : answer.contains("error") ? 404
                                                         : 200);
  });
}

HttpReply Api::route_reply(const HttpRequest& request) {
  return with<forwarder::Table>(routes_, [&](const forwarder::Table& table) {
    const auto asked = [&request](const char* name) {
      return query_parameter(request.query, name).value_or("");
    };
    const auto method = asked("method"), url = asked("url"), headers = asked("headers"),
               from = asked("from");
    const auto answer = report_route(table, {method.empty() ? "GET" : std::string_view(method), url,
                                             headers, from, std::chrono::steady_clock::now()});
    return json_reply(answer, answer.contains("error") ? 400 : 200);
  });
}

HttpReply Api::forget(const HttpRequest& request) const {
  const auto cluster = query_parameter(request.query, "cluster").value_or("");
  if (cluster.empty()) return refusal(400, "name the cluster: /api/v1/forget?cluster=NAME");
  if (sources_.config.is_leaf())
    return refusal(400, "a leaf knows what its home knows: let the home forget it");
  if (cluster == sources_.config.cluster)
    return refusal(400, "an agent cannot forget its own cluster");
  sources_.forget(cluster);
  return json_reply({{"forget", cluster}}, 202);
}

HttpReply Api::release(const HttpRequest& request) const {
  const auto source = query_parameter(request.query, "source").value_or("");
  const auto& holds = sources_.control.membership()->holds;
  std::vector<std::string_view> held;
  for (const auto& hold : holds) held.push_back(hold.source);
  if (source.empty()) return refusal(400, "name the source: /api/v1/release?source=NAME, or all");
  if (held.empty()) return refusal(404, "nothing is held");
  if (source != "all" && !std::ranges::count(held, source))
    return refusal(
        404, "nothing of source \"" + source + "\" is held, only of " + resources::joined(held));
  sources_.release(source == "all" ? "" : source);
  return json_reply({{"release", source}}, 202);
}

HttpReply Api::health() {
  std::string body;
  for (const auto& reason : unready(*sources_.control.membership())) body += "[-] " + reason + "\n";
  return body.empty() ? text("ok\n") : text(std::move(body), 503);
}

std::vector<std::string> Api::unready(const Membership& membership) {
  std::vector<std::string> reasons;
  if (!membership.synced)
    reasons.push_back(sources_.config.is_leaf()
                          ? "sync: no home has told yet what there is, and no disk"
                          : "sync: waiting for the local sources and a first peer");
  // In sync is not enough: the doors must have been built of what the sync brought.
  const auto* built = built_.acquire();
  if (membership.synced && (!built || !built->publication->synced))
    reasons.push_back("build: the first tables after the sync are being made");
  built_.park();
  // Whoever took the ports over from a process before gives up what is not asked for when ready.
  if (reasons.empty() && !sources_.listening())
    reasons.push_back("listen: the forwarder's ports are being opened");
  if (sources_.stopping()) reasons.push_back("stopping: requests in flight are ending");
  return reasons;
}

// What an operator who is woken at night wants first: all that is not as it should be, in one list.
std::vector<std::string> Api::degraded(const Served& served, const Membership& membership) {
  auto reasons = unready(membership);
  if (sources_.config.is_leaf() && !membership.home)
    reasons.push_back("no home is heard: all that is known is stale");
  for (auto& trouble : sources_.troubles()) reasons.push_back(std::move(trouble));
  for (const auto& member : membership.members)
    if (auto trouble = trouble_of(member); !trouble.empty()) reasons.push_back(std::move(trouble));
  for (const auto& hold : membership.holds) reasons.push_back(trouble_of(hold));
  for (const auto& member : membership.members)
    if (!member.quarantine.empty())
      reasons.push_back("cluster " + member.id.to_string() + " is in quarantine for another " +
                        base::to_string(member.quarantine_left) +
                        ", what it said before serves: " + member.quarantine);
  for (auto& trouble : troubles_of(served)) reasons.push_back(std::move(trouble));
  for (const auto& resolved : served.resolution->destinations)
    if (resolved->by_class.front().fail_open)
      reasons.push_back(resolved->destination->host + (resolved->by_class.front().tiers.empty()
                                                           ? " has no endpoint that can be reached"
                                                           : " has no healthy endpoint"));
  return reasons;
}

Json Api::status(const Served& served) {
  const auto membership = sources_.control.membership();
  return Json{{"cluster", sources_.config.cluster},
              {"role", sources_.config.is_leaf() ? "leaf" : "agent"},
              {"replica", membership->self.replica},
              {"version", version()},
              {"ready", unready(*membership).empty()},
              {"viewVersion", served.version},
              {"degraded", degraded(served, *membership)},
              {"members", report(membership->members)},
              {"peers", report(membership->peers)},
              {"holds", report(membership->holds)},
              {"refusals", report(sources_.refusals(), std::chrono::steady_clock::now())},
              {"upstreams", sources_.upstreams()},
              {"kubernetes", sources_.kubernetes()},
              {"names", sources_.looked_up()},
              {"checks", sources_.checks()},
              {"drains", report_drains(*served.resolution->view, sources_.drainer)},
              {"registrations", report_registrations(sources_.registrar)},
              {"notImported", report_not_imported(*served.resolution->view)},
              {"leaves", membership->leaves},
              {"home", report(membership->home)},
              {"documents", report_documents(served)}};
}

HttpReply Api::metrics() {
  Metrics metrics;
  add(metrics, *sources_.control.membership(), sources_.control.link_counters());
  metrics.gauge("nearmost_leaves", "leaves that follow this agent",
                static_cast<double>(sources_.control.membership()->leaves));
  if (const auto* served = served_.acquire()) {
    add(metrics, *served);
    add_not_imported(*served->resolution->view, metrics);
    add(metrics, *served->resolution->view);
  }
  served_.park();
  add(metrics, sources_.registrar);
  metrics.gauge("nearmost_ready", "1 when /readyz says ok", ready() ? 1 : 0);
  sources_.worker_metrics(metrics);
  return {.body = metrics.to_string(), .content_type = "text/plain; version=0.0.4"};
}

}  // namespace agent
