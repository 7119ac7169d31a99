#include "agent/import_report.hpp"

#include <map>
#include <tuple>

namespace agent {
namespace {

using discovery::view::RefusedHost;
using discovery::view::View;

std::string why(const RefusedHost& refused) {
  return refused.defined_by +
         " names it, but it is outside dns.zones: list it in import.hosts if " + refused.cluster +
         " may say where it leads";
}

}  // namespace

Json report_not_imported(const View& view) {
  Json hosts = Json::array(), endpoints = Json::array();
  for (const auto& refused : view.refused_hosts)
    hosts.push_back({{"host", refused.host},
                     {"cluster", refused.cluster},
                     {"definedBy", refused.defined_by},
                     {"reason", why(refused)}});
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> counts;
  for (const auto& service : view.services)
    for (const auto& refused : service->refused)
      ++counts[{service->cluster, service->namespace_ + "/" + service->name, refused.why}];
  for (const auto& [what, count] : counts)
    endpoints.push_back({{"cluster", std::get<0>(what)},
                         {"service", std::get<1>(what)},
                         {"reason", std::get<2>(what)},
                         {"count", count}});
  return Json{{"hosts", std::move(hosts)}, {"endpoints", std::move(endpoints)}};
}

void add_not_imported(const discovery::view::Destination& destination, Json& left_out) {
  for (const auto& service : destination.services)
    for (const auto& [endpoint, reason] : service->refused) {
      Json ports = Json::object();
      for (const auto& port : endpoint.traits->ports)
        ports[port.name.empty() ? "port" : port.name] = port.number;
      left_out.push_back({{"address", endpoint.ip.to_string()},
                          {"ports", std::move(ports)},
                          {"cluster", endpoint.traits->cluster},
                          {"locality", endpoint.traits->locality.to_string()},
                          {"service", service->namespace_ + "/" + service->name},
                          {"reason", "not imported: " + reason}});
    }
}

std::string why_not_imported(const View& view, std::string_view host) {
  for (const auto& refused : view.refused_hosts)
    if (refused.host == host) return why(refused);
  return "";
}

void add_not_imported(const View& view, Metrics& metrics) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> counts;  // hosts, endpoints
  for (const auto& [name, unused] : view.clusters)
    if (name != view.cluster) counts[name];
  for (const auto& refused : view.refused_hosts) ++counts[refused.cluster].first;
  for (const auto& service : view.services)
    counts[service->cluster].second += service->refused.size();
  counts.erase(view.cluster);
  for (const auto& [cluster, count] : counts)
    metrics.gauge("nearmost_import_refused_hosts",
                  "names that the cluster exports and this agent does not answer for",
                  static_cast<double>(count.first), {{"cluster", cluster}});
  for (const auto& [cluster, count] : counts)
    metrics.gauge("nearmost_import_refused_endpoints",
                  "endpoints of the cluster at addresses that this agent does not take",
                  static_cast<double>(count.second), {{"cluster", cluster}});
}

}  // namespace agent
