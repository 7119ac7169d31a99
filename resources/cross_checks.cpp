#include "resources/cross_checks.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace resources {
namespace {

// Where each object was first seen, by cluster, namespace and name.
using Seen = std::unordered_map<std::string, Place>;

std::string written(const Place& place) { return place.file + ':' + std::to_string(place.line); }

template <class T>
void remove_seen(std::vector<T>& list, std::string_view kind, Seen& seen, Problems& problems) {
  std::erase_if(list, [&](const T& object) {
    const Metadata& metadata = object.metadata;
    const auto [first, fresh] =
        seen.try_emplace(metadata.cluster + '/' + name_of(metadata), metadata.place);
    if (fresh) return false;
    problems.push_back(about(Severity::error, kind, metadata, metadata.place, "",
                             "defined twice, first at " + written(first->second),
                             "remove one of them"));
    return true;
  });
}

}  // namespace

std::string name_of(const Metadata& object) { return object.namespace_ + '/' + object.name; }
std::string place_of(const Metadata& object) { return written(object.place); }

Problem about(Severity severity, std::string_view kind, const Metadata& object, const Place& place,
              std::string field, std::string message, std::string hint) {
  return {severity,
          place,
          std::string(kind) + ' ' + name_of(object),
          std::move(field),
          std::move(message),
          std::move(hint)};
}

void remove_duplicates(Documents& documents, Problems& problems) {
  Seen destinations, tables, slices, services;
  remove_seen(documents.virtual_destinations, "VirtualDestination", destinations, problems);
  remove_seen(documents.route_tables, "RouteTable", tables, problems);
  remove_seen(documents.endpoint_slices, "EndpointSlice", slices, problems);
  // Both kinds of services fill the same rows.
  remove_seen(documents.services, "Service", services, problems);
  remove_seen(documents.static_services, "service", services, problems);
}

// One cluster's documents give a host one meaning: the loser is an error and serves nothing.
// (Between clusters a conflict cannot be refused; discovery/claims names the winner there.)
void check_claimed_hosts(Documents& documents, Problems& problems) {
  std::map<std::string_view, std::vector<const Metadata*>> claims;
  for (const auto& destination : documents.virtual_destinations) {
    for (const auto& host : destination.hosts) claims[host].push_back(&destination.metadata);
  }
  const auto add = [&problems](Severity severity, const Metadata& object, std::string message) {
    problems.push_back(about(severity, "VirtualDestination", object, object.place, "spec.hosts",
                             std::move(message), "give each its own hosts"));
  };
  std::set<const Metadata*> losers;
  for (auto& [host, claimants] : claims) {
    if (claimants.size() < 2) continue;
    std::sort(claimants.begin(), claimants.end(),
              [](const auto* a, const auto* b) { return precedes(*a, *b); });
    const Metadata& winner = *claimants.front();
    const auto conflict = "CONFLICT: host \"" + std::string(host) + "\" is also given by ";
    add(Severity::warning, winner,
        conflict + name_of(*claimants[1]) + " (" + place_of(*claimants[1]) + "); this one wins");
    for (std::size_t i = 1; i < claimants.size(); ++i) {
      const bool older = winner.created_at != claimants[i]->created_at;
      const bool same_cluster = winner.cluster == claimants[i]->cluster;
      add(same_cluster ? Severity::error : Severity::warning, *claimants[i],
          conflict + name_of(winner) + " (" + place_of(winner) + "), which wins: it is " +
              (older ? "older" : "first by name"));
      if (same_cluster) losers.insert(claimants[i]);
    }
  }
  std::erase_if(documents.virtual_destinations,
                [&](const auto& destination) { return losers.contains(&destination.metadata); });
}

void check_together(Documents& documents, Problems& problems) {
  remove_duplicates(documents, problems);
  check_claimed_hosts(documents, problems);
  check_delegation(documents.route_tables, problems);
}

}  // namespace resources
