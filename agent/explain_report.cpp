#include "agent/explain_report.hpp"

#include <algorithm>
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

// Ports and explanations are of their host.
bool is_in_front(std::span<const std::uint8_t> labels) {
  if (labels.empty() || base::as_text(labels) == "\10_explain") return true;
  return labels[1] == '_' && base::as_text(dns::parent_of(labels)) == "\4_tcp";
}

using Wire = std::span<const std::uint8_t>;

// What labels in front of a host's name ask it for; nothing where they are no part of it.
std::optional<Asked> ask(const view::Destination& destination, Wire labels) {
  if (is_in_front(labels)) return Asked{&destination};
  const auto place = dns::read_place(labels);
  if (place.kind != dns::PlaceLabels::Kind::place || !is_in_front(place.front)) return {};
  return Asked{&destination, view::Affinity{place.topology, place.strength,
                                            std::string(base::as_text(place.place))}};
}

// RFC 4592: of the nearest name above that exists.
Asked find_wildcard(const view::View& view, Wire wire) {
  for (auto encloser = dns::parent_of(wire); encloser[0] != 0;
       encloser = dns::parent_of(encloser)) {
    const auto name = dns::Name::read(encloser)->to_string();
    if (const auto* destination = view.find("*." + name)) {
      std::vector<Wire> hosts;
      for (auto host = wire; host.size() > encloser.size(); host = dns::parent_of(host))
        hosts.push_back(host);
      // As many labels in front as mean something to a host, which may be none.
      for (; hosts.size() > 1; hosts.pop_back())
        if (auto asked = ask(*destination, wire.first(wire.size() - hosts.back().size())))
          return *asked;
      return {destination};
    }
    if (std::ranges::any_of(view.destinations, [&](const auto& of) {
          return of->host == name || of->host.ends_with("." + name);
        }))
      return {};
  }
  return {};
}

// As DNS finds it: the nearest host above that knows the name, or else a wildcard.
Asked find_derived(const view::View& view, std::string_view text) {
  const auto name = dns::Name::parse(text);
  if (!name || name->is_root()) return {};
  const auto wire = name->wire();
  for (auto host = wire; host[0] != 0; host = dns::parent_of(host))
    if (const auto* destination = view.find(dns::Name::read(host)->to_string()))
      if (auto asked = ask(*destination, wire.first(wire.size() - host.size()))) return *asked;
  return find_wildcard(view, wire);
}

// The name as asked, or completed by one of our zones: "ratings" → "ratings.mesh.internal".
Asked find(const view::View& view, std::string_view name) {
  auto host = base::lower(name);
  if (host.ends_with('.')) host.pop_back();
  if (auto exact = find_derived(view, host); exact.destination) return exact;
  for (const auto& zone : view.zones)
    if (auto completed = find_derived(view, host + "." + zone); completed.destination)
      return completed;
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

Json explain(const view::Resolution& resolution, std::string_view name, std::string_view from) {
  const auto& view = *resolution.view;
  const auto asked = find(view, name);
  if (!asked.destination) return not_found(view, name);
  const auto ip = base::IpAddress::parse(from);
  const auto caller = ip ? from_address(*resolution.callers, *ip) : from_place(view, from);
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
