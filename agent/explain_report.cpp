#include "agent/explain_report.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "agent/import_report.hpp"
#include "base/ascii.hpp"
#include "base/bytes.hpp"
#include "discovery/view/affinity.hpp"
#include "discovery/view/whereabouts.hpp"
#include "dns/name.hpp"
#include "dns/place_labels.hpp"
#include "resources/suggest.hpp"

namespace agent {
namespace {

using namespace discovery;
using Strength = view::Affinity::Strength;

std::string names_of(const std::map<std::string, view::Cluster, std::less<>>& clusters) {
  std::vector<std::string_view> names;
  for (const auto& [name, unused] : clusters) names.push_back(name);
  return resources::joined(names);
}

struct From {
  view::Caller caller;
  std::string how{};  // its place is known; "" = as given
};

// "cluster/region/zone"; what is not said is the agent's own, or, for another cluster, what that
// cluster says.
base::Result<From> from_place(const view::View& view, std::string_view from) {
  std::array<std::string, 3> parts;
  for (auto& part : parts) {
    const auto slash = from.find('/');
    part = from.substr(0, slash);
    from = slash == from.npos ? std::string_view() : from.substr(slash + 1);
  }
  if (!from.empty())
    return base::invalid("a caller's place is cluster/region/zone, or its address: \"" +
                         std::string(from) + "\" is too much");
  view::Caller caller{parts[0].empty() ? view.cluster : parts[0], {}, view.networks};
  if (caller.cluster == view.cluster)
    caller.locality = view.locality;
  else if (const auto* cluster = view.find_cluster(caller.cluster))
    caller.locality = cluster->locality;
  if (!parts[1].empty()) caller.locality = {parts[1], "", ""};
  if (!parts[2].empty()) caller.locality.zone = parts[2];
  return From{std::move(caller)};
}

From from_address(const view::Callers& callers, const base::IpAddress& ip) {
  const auto where = view::whereabouts(callers, ip);
  std::string how = "where the agent is: in no network of dns.localities, no endpoint elsewhere";
  if (where.is_endpoint) how = "an endpoint of this cluster";
  if (where.network) how = "in " + where.network->network.to_string() + " of dns.localities";
  return {callers.classes[where.caller_class], std::move(how)};
}

struct Asked {
  const view::Destination* destination = nullptr;
  std::optional<view::Affinity> place{};
};

// As DNS finds it.
Asked find(const dns::Table& table, std::string_view text) {
  const auto name = dns::Name::parse(text);
  if (!name) return {};
  const auto found = table.find(*name);
  const bool has_records = found.name && found.name.kind != dns::Derived::Kind::between;
  if (!has_records || !found.host->resolved()) return {};
  Asked asked{found.host->resolved()->destination.get()};
  if (!found.placed) return asked;
  const auto wire = name->wire();
  const auto place = dns::read_place(wire.first(wire.size() - found.host_length));
  asked.place =
      view::Affinity{place.topology, place.strength, std::string(base::as_text(place.place))};
  return asked;
}

// The name as asked, or completed by one of our zones: "ratings" → "ratings.mesh.internal".
Asked find_completed(const dns::Table& table, std::string_view name) {
  auto host = base::lower(name);
  if (host.ends_with('.')) host.pop_back();
  if (auto exact = find(table, host); exact.destination) return exact;
  for (const auto& zone : table.resolution().view->zones)
    if (auto completed = find(table, host + "." + zone); completed.destination) return completed;
  return {};
}

// At most five: those that begin alike, or else those that are spelt most like it.
Json hosts_near(const view::View& view, std::string_view name) {
  constexpr std::size_t kEnough = 5;
  const auto stem = name.substr(0, name.find('.'));
  const auto beginning = [&](std::string_view letters) {
    Json near = Json::array();
    for (const auto& destination : view.destinations)
      if (near.size() < kEnough && destination->host.starts_with(letters))
        near.push_back(destination->host);
    return near;
  };
  if (auto near = beginning(stem); !near.empty()) return near;
  std::vector<std::string_view> stems;
  for (const auto& destination : view.destinations)
    stems.push_back(std::string_view(destination->host).substr(0, destination->host.find('.')));
  const auto spelt = resources::nearest(stem, stems);
  return spelt.empty() ? Json::array() : beginning(spelt);
}

Json not_found(const view::View& view, std::string_view name) {
  Json json{{"error", "no destination is called \"" + std::string(name) + "\""}};
  if (const auto why = why_not_imported(view, name); !why.empty()) {
    json["error"] = json["error"].get<std::string>() + ": " + why;
    return json;
  }
  auto near = hosts_near(view, name);
  if (near.empty())
    json["error"] = json["error"].get<std::string>() + ": /api/v1/destinations lists all there are";
  else
    json["didYouMean"] = std::move(near);
  return json;
}

Json report(const view::Affinity& place) {
  return {{"topology", view::to_string(place.topology)},
          {"name", place.place},
          {"how", place.strength == Strength::pin ? "pin" : "prefer"}};
}

std::string note_of(const view::View& view, const view::Caller& caller, const Asked& asked) {
  if (caller.cluster != view.cluster && !view.find_cluster(caller.cluster))
    return "no cluster called " + caller.cluster + " is known, only " + names_of(view.clusters) +
           ": its place is as given";
  if (asked.place && asked.destination->door.kind == view::Door::Kind::forwarder)
    return "DNS has no records for a place behind the forwarder, which chooses by its routes";
  return {};
}

Json report_clusters(const view::View& view, const view::Destination& destination) {
  Json clusters = Json::object();
  for (const auto& service : destination.services)
    if (const auto* cluster = view.find_cluster(service->cluster)) {
      auto& entry = clusters[cluster->name];
      entry = {{"freshness", view::to_string(cluster->freshness)}, {"ageMs", ms_of(cluster->age)}};
      if (!cluster->quarantine.empty()) entry["quarantine"] = cluster->quarantine;
    }
  return clusters;
}

}  // namespace

Json explain(const dns::Table& table, std::string_view name, std::string_view from) {
  const auto& view = *table.resolution().view;
  const auto asked = find_completed(table, name);
  if (!asked.destination) return not_found(view, name);
  const auto ip = base::IpAddress::parse(from);
  const auto caller = ip ? from_address(table.callers(), *ip) : from_place(view, from);
  if (!caller) return Json{{"error", caller.error().message}, {"invalid", true}};

  const auto& destination = *asked.destination;
  auto json = report(destination);
  if (asked.place) json["place"] = report(*asked.place);
  json["caller"] = {{"cluster", caller->caller.cluster},
                    {"locality", caller->caller.locality.to_string()}};
  if (ip) {
    json["caller"]["address"] = ip->to_string();
    json["caller"]["how"] = caller->how;
  }
  if (auto note = note_of(view, caller->caller, asked); !note.empty())
    json["note"] = std::move(note);
  json["viewVersion"] = view.version;
  json["synced"] = view.synced;
  json.update(report(
      view::select(destination, view, caller->caller, asked.place ? &*asked.place : nullptr)));
  add_not_imported(destination, json["leftOut"]);
  json["clusters"] = report_clusters(view, destination);
  return json;
}

}  // namespace agent
