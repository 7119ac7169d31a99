#include "agent/report.hpp"

#include <algorithm>
#include <optional>

#include "discovery/sources/registrations.hpp"
#include "discovery/sources/rows.hpp"
#include "resources/external_aliases.hpp"
#include "resources/suggest.hpp"

namespace agent {
namespace {

using namespace discovery;

Json address_of(const view::Endpoint& endpoint) {
  Json ports = Json::object();
  for (const auto& port : endpoint.traits->ports)
    ports[port.name.empty() ? "port" : port.name] = port.number;
  return Json{{"address", endpoint.ip.to_string()}, {"ports", std::move(ports)}};
}

Json report(const view::Endpoint& endpoint) {
  auto json = address_of(endpoint);
  json["cluster"] = endpoint.traits->cluster;
  json["locality"] = endpoint.traits->locality.to_string();
  json["health"] = view::to_string(endpoint.health);
  json["weight"] = endpoint.weight;
  if (!endpoint.traits->hostname.empty()) json["hostname"] = endpoint.traits->hostname;
  if (!endpoint.traits->network.empty()) json["network"] = endpoint.traits->network;
  if (endpoint.path_failed) json["pathFailed"] = true;
  if (!endpoint.traits->labels.empty()) json["labels"] = endpoint.traits->labels;
  return json;
}

// Where it comes from that is in no document as an address; "" = it is.
std::string source_of(const base::Labels& labels) {
  using namespace discovery::sources;
  if (const auto name = labels.find(kNameLabel); name != labels.end())
    return "name " + name->second;
  const auto source = labels.find(kSourceLabel);
  return source == labels.end() ? "" : source->second;
}

Json report(const view::Choice& choice) {
  auto json = address_of(choice.endpoint());
  json["cluster"] = choice.endpoint().traits->cluster;
  json["locality"] = choice.endpoint().traits->locality.to_string();
  json["service"] = choice.service->namespace_ + "/" + choice.service->name;
  json["reason"] = view::to_string(choice.reason);
  const auto& labels = choice.endpoint().traits->labels;
  if (auto source = source_of(labels); !source.empty()) json["source"] = std::move(source);
  if (const auto why = labels.find(discovery::sources::kUnhealthyLabel); why != labels.end())
    json["why"] = why->second;
  if (choice.stale) json["stale"] = true;
  if (choice.left < view::kAllLeft)
    json["left"] = static_cast<double>(choice.left) / view::kAllLeft;
  return json;
}

}  // namespace

Json report(const view::Selection& selection) {
  Json tiers = Json::array(), left_out = Json::array();
  for (const auto& tier : selection.tiers) {
    Json endpoints = Json::array();
    for (const auto& choice : tier.endpoints) endpoints.push_back(report(choice));
    tiers.push_back(
        {{"tier", tier.name}, {"share", tier.share}, {"endpoints", std::move(endpoints)}});
  }
  for (const auto& choice : selection.left_out) left_out.push_back(report(choice));
  return Json{{"tiers", std::move(tiers)},
              {"leftOut", std::move(left_out)},
              {"failOpen", selection.fail_open},
              {"degraded", selection.degraded}};
}

Json report(const view::Destination& destination) {
  Json ports = Json::array(), services = Json::array(), addresses = Json::array();
  for (const auto& port : destination.ports) {
    Json json{{"port", port.number}, {"protocol", port.protocol}};
    if (!port.target_name.empty()) json["targetPort"] = port.target_name;
    if (port.target_number) json["targetPort"] = port.target_number;
    ports.push_back(std::move(json));
  }
  for (const auto& service : destination.services)
    services.push_back(service->cluster + "/" + service->namespace_ + "/" + service->name);
  for (const auto& address : destination.door.addresses) addresses.push_back(address.to_string());
  Json door{
      {"kind", destination.door.kind == view::Door::Kind::forwarder ? "forwarder" : "endpoints"},
      {"why", destination.door.why}};
  if (!addresses.empty()) door["addresses"] = std::move(addresses);
  Json json{{"host", destination.host},
            {"definedBy", destination.defined_by},
            {"ports", std::move(ports)},
            {"services", std::move(services)},
            {"door", std::move(door)}};
  if (destination.headless) json["headless"] = true;
  if (destination.home_only) json["exported"] = false;
  if (!destination.prefer.empty()) json["prefer"] = destination.prefer;
  if (destination.failover)
    json["failover"] = "FailoverPolicy " + name_of(destination.failover->metadata);
  if (!destination.conflicts.empty()) json["conflicts"] = destination.conflicts;
  for (const auto& port : destination.dead_ports) json["deadPorts"].push_back(port.why);
  return json;
}

Json ms_of(const std::optional<base::Duration>& time) {
  return time ? Json(base::to_ms(*time)) : Json(nullptr);
}

Json report(const std::optional<Home>& home) {
  if (!home) return nullptr;
  return Json{{"member", home->origin.to_string()},
              {"address", home->address},
              {"silenceMs", base::to_ms(home->silence)}};
}

Json report(const resources::Problems& problems) {
  Json json = Json::array();
  for (const auto& problem : problems)
    json.push_back(
        {{"severity", problem.severity == resources::Severity::error ? "error" : "warning"},
         {"file", resources::shown(problem.place.file)},
         {"line", problem.place.line},
         {"column", problem.place.column},
         {"object", resources::shown(problem.object)},
         {"field", resources::shown(problem.field)},
         {"message", resources::shown(problem.message)},
         {"hint", resources::shown(problem.hint)}});
  return json;
}

Json report_services(const view::View& view) {
  Json json = Json::array();
  for (const auto& service : view.services) {
    Json ports = Json::array();
    for (const auto& port : service->ports)
      ports.push_back({{"name", port.name}, {"port", port.number}});
    const auto healthy =
        std::count_if(service->endpoints.begin(), service->endpoints.end(),
                      [](const auto& e) { return e.health == view::Health::healthy; });
    json.push_back({{"cluster", service->cluster},
                    {"namespace", service->namespace_},
                    {"name", service->name},
                    {"labels", service->labels},
                    {"ports", std::move(ports)},
                    {"headless", service->headless},
                    {"endpoints", service->endpoints.size()},
                    {"healthy", healthy},
                    {"notImported", service->refused.size()},
                    {"exported", !service->home_only}});
  }
  return json;
}

Json report_endpoints(const view::View& view) {
  Json json = Json::array();
  for (const auto& service : view.services)
    for (const auto& endpoint : service->endpoints) {
      auto entry = report(endpoint);
      entry["service"] = service->namespace_ + "/" + service->name;
      const auto* cluster = view.find_cluster(service->cluster);
      if (cluster) entry["clusterFreshness"] = view::to_string(cluster->freshness);
      json.push_back(std::move(entry));
    }
  return json;
}

Json report_destinations(const view::Resolution& resolution) {
  Json json = Json::array();
  for (const auto& resolved : resolution.destinations) {
    auto entry = report(*resolved->destination);
    const auto& selection = resolved->by_class.front();
    entry["tiers"] = Json::array();
    for (const auto& tier : selection.tiers)
      entry["tiers"].push_back(
          {{"tier", tier.name}, {"share", tier.share}, {"endpoints", tier.endpoints.size()}});
    entry["failOpen"] = selection.fail_open;
    entry["degraded"] = selection.degraded;
    json.push_back(std::move(entry));
  }
  return json;
}

Json report(const forwarder::Statuses& statuses) {
  Json json = Json::array();
  for (const auto& status : statuses)
    json.push_back({{"object", status.object},
                    {"state", forwarder::to_string(status.state)},
                    {"notes", status.notes}});
  return json;
}

Json report_documents(const Served& served) {
  const auto& accepted = *served.documents;
  const auto& loaded = accepted.documents;
  std::size_t policies = 0;
  resources::for_each_kind_of_policy(loaded, [&](const auto& list) { policies += list.size(); });
  const auto external = loaded.external_services.size();  // a service serves each
  return Json{{"virtualDestinations", resources::count_written(loaded.virtual_destinations)},
              {"routeTables", loaded.route_tables.size()},
              {"virtualGateways", loaded.virtual_gateways.size()},
              {"policies", policies},
              {"externalServices", external},
              {"services", loaded.services.size() + loaded.static_services.size() - external},
              {"heldBack", accepted.held_back},
              {"neverGood", accepted.never_good},
              {"problems", report(problems_of(served))},
              {"dnsProblems", served.dns_problems},
              {"routing", report(served.routing)}};
}

Json report(const std::vector<Hold>& holds) {
  Json list = Json::array();
  for (const auto& hold : holds)
    list.push_back({{"source", hold.source},
                    {"rows", hold.rows},
                    {"endpoints", hold.endpoints},
                    {"failing", hold.failing},
                    {"leftMs", base::to_ms(hold.left)}});
  return list;
}

std::string trouble_of(const Hold& hold) {
  return "source " + hold.source + " has lost " + std::to_string(hold.endpoints) +
         " endpoints by a relist, " + std::to_string(hold.failing) +
         " of which do not answer: they are held for " + base::to_string(hold.left) +
         " more (nearmost release " + hold.source + " lets them go now)";
}

Json report(const std::vector<discovery::rpc::PeerStatus>& peers) {
  Json json = Json::array();
  for (const auto& peer : peers)
    json.push_back({{"peer", peer.peer.to_string()},
                    {"state", discovery::rpc::to_string(peer.state)},
                    {"address", peer.address},
                    {"sinceMs", base::to_ms(peer.since)},
                    {"detail", peer.last_error}});
  return json;
}

Json report(const std::vector<Refusals::Entry>& refusals, base::TimePoint now) {
  Json json = Json::array();
  for (const auto& [what, count, first, last] : refusals)
    json.push_back({{"by", what.side == Refusal::Side::ours ? "this agent" : "the peer"},
                    {"cluster", what.cluster},
                    {"address", what.address},
                    {"reason", what.reason},
                    {"count", count},
                    {"firstMs", base::to_ms(now - first)},
                    {"lastMs", base::to_ms(now - last)}});
  return json;
}

}  // namespace agent
