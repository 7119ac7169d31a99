#include "resources/cross_checks.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "resources/external_aliases.hpp"
#include "resources/precedence.hpp"

namespace resources {
namespace {

std::string written_at(const Place& place) { return place.file + ':' + std::to_string(place.line); }

// Where each object was first seen, by name_of().
using Seen = std::unordered_map<std::string, Place>;

template <class T>
void remove_seen(SharedList<T>& list, std::string_view kind, Seen& seen, Problems& problems) {
  erase_if(list, [&](const T& object) {
    const Metadata& metadata = object.metadata;
    const auto [first, fresh] = seen.try_emplace(name_of(metadata), metadata.place);
    if (fresh) return false;
    problems.push_back(about(Severity::error, kind, metadata, metadata.place, "",
                             "defined twice, first at " + written_at(first->second),
                             "remove one of them"));
    return true;
  });
}

}  // namespace

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
  Seen destinations, tables, gateways, slices, services, external_services, external_endpoints;
  remove_seen(documents.virtual_destinations, "VirtualDestination", destinations, problems);
  remove_seen(documents.route_tables, "RouteTable", tables, problems);
  remove_seen(documents.virtual_gateways, "VirtualGateway", gateways, problems);
  remove_seen(documents.endpoint_slices, "EndpointSlice", slices, problems);
  // Both kinds of services fill the same rows.
  remove_seen(documents.services, "Service", services, problems);
  remove_seen(documents.static_services, "service", services, problems);
  remove_seen(documents.external_services, "ExternalService", external_services, problems);
  remove_seen(documents.external_endpoints, "ExternalEndpoint", external_endpoints, problems);
  for_each_kind_of_policy(documents, [&](auto& policies) {
    Seen seen;
    remove_seen(policies, std::decay_t<decltype(policies)>::value_type::kKind, seen, problems);
  });
}

// One cluster's documents give a host one meaning: the loser is an error and serves nothing.
// (Between clusters a conflict cannot be refused; discovery/claims names the winner there.)
void check_claimed_hosts(Documents& documents, Problems& problems) {
  struct Claim {
    const VirtualDestination* by;
    std::size_t host;  // which of its own

    const Metadata& object() const { return by->metadata; }
    // Kind and name of the document.
    std::pair<std::string_view, std::string> called() const {
      auto metadata = object();
      const auto [kind, name] = title_of(object().name);
      metadata.name = name;
      return {kind, name_of(metadata)};
    }
    std::string written() const {
      return called().second + " (" + written_at(by->place_of_host(host)) + ')';
    }
  };
  std::map<std::string_view, std::vector<Claim>> claims;
  for (const auto& destination : documents.virtual_destinations)
    for (std::size_t i = 0; i < destination.hosts.size(); ++i)
      claims[destination.hosts[i]].push_back({&destination, i});
  const auto add = [&problems](Severity severity, const Claim& claim, std::string message) {
    const auto [kind, name] = claim.called();
    problems.push_back({severity, claim.by->place_of_host(claim.host),
                        std::string(kind) + ' ' + name,
                        "spec.hosts[" + std::to_string(claim.host) + ']', std::move(message),
                        "give each its own hosts"});
  };
  std::set<const VirtualDestination*> losers;
  for (auto& [host, claimants] : claims) {
    if (claimants.size() < 2) continue;
    std::sort(claimants.begin(), claimants.end(),
              [](const auto& a, const auto& b) { return precedes(a.object(), b.object()); });
    const auto& winner = claimants.front();
    const auto conflict = "CONFLICT: host \"" + std::string(host) + "\" is also given by ";
    add(Severity::warning, winner, conflict + claimants[1].written() + "; this one wins");
    for (std::size_t i = 1; i < claimants.size(); ++i) {
      const auto& loser = claimants[i].object();
      const bool same_cluster = winner.object().cluster == loser.cluster;
      add(same_cluster ? Severity::error : Severity::warning, claimants[i],
          conflict + winner.written() + ", which wins: it is " +
              why_precedes(winner.object(), loser));
      if (same_cluster) losers.insert(claimants[i].by);
    }
  }
  erase_if(documents.virtual_destinations,
           [&](const auto& destination) { return losers.contains(&destination); });
}

}  // namespace resources
