// The local origin's rows as the operator's documents say them: Kubernetes Services with their
// EndpointSlices, short-form services, virtual destinations.
//
// Several slices of one service are joined; an address that stands in two with the same ports (as
// it does while it moves between slices) is one endpoint, and the healthier word wins. A Pod that
// has an address of each family is two, one of which says that it is the second: DNS needs both,
// each is probed and drained by itself, and who balances takes one (view/endpoint.hpp). An endpoint
// has the labels that its Service selects by, and of its Pod those that `seen` has. A slice
// without its Service gives its endpoints all the same. What is not exported
// (by the rule, or by the annotation nearmost.io/export) makes rows of its own, for this cluster
// alone. An endpoint that is a name, of the short form or of a Service that is an ExternalName, is
// one for each of the name's addresses, labelled kNameLabel; none while it has no addresses. Of
// those that an SRV name leads to, one priority serves: the first of which an endpoint answers, or
// the first of all where none does; the others stand by, checked and unpublished. Errors: a
// document that cannot be a row is a problem at its place; the others are rows. Thread: a pure
// function. Cost: linear in the documents.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "discovery/row.hpp"
#include "discovery/rows.hpp"
#include "resources/documents.hpp"

namespace discovery::sources {

// On an endpoint that a document gives by name: that name.
inline constexpr const char* kNameLabel = "nearmost.io/name";
// On one that fails: why.
inline constexpr const char* kUnhealthyLabel = "nearmost.io/unhealthy";

// One of the addresses that an SRV name leads to.
struct LedTo {
  base::IpAddress ip;
  std::uint16_t port = 0;
  std::uint16_t priority = 0;
  std::uint32_t weight = 1;
  friend bool operator==(const LedTo&, const LedTo&) = default;
};

// Where a name leads that a document gives instead of an address.
struct Led {
  std::vector<base::IpAddress> addresses;
  bool is_whole = false;       // servers have told, or denied, the addresses of both families
  std::vector<LedTo> to = {};  // of an SRV name, by priority
  friend bool operator==(const Led&, const Led&) = default;
};
using NamedAddresses = std::map<std::string, Led, std::less<>>;

// An endpoint of a document, as its row is called.
struct EndpointName {
  std::string namespace_, service, id;
  friend auto operator<=>(const EndpointName&, const EndpointName&) = default;
};
using Failing = std::map<EndpointName, std::string>;  // and why: "refuses connections"

// Where a cluster's nodes are.
struct NodePlaces {
  std::map<std::uint64_t, base::Locality> nodes;            // by node_number()
  std::map<std::string, std::string, std::less<>> regions;  // of zones
  friend bool operator==(const NodePlaces&, const NodePlaces&) = default;
};
// Where an endpoint is: what it says of its zone, and what its node, or others of that zone, say.
base::Locality place_of(const resources::SliceEndpoint& endpoint, const NodePlaces* places);

// What subsets may look at of a cluster's Pods. Those that have nothing of it are not here.
struct PodLabels {
  struct Pod {
    resources::PodRef ref;
    base::Labels labels;
    friend bool operator==(const Pod&, const Pod&) = default;
  };
  std::vector<std::string> keys;      // that were looked for; sorted
  std::map<std::uint64_t, Pod> pods;  // by the number of the name
};
// None where nothing is known of it, or of another Pod of its name alone.
const base::Labels* labels_of(const resources::SliceEndpoint& endpoint, const PodLabels* pods);

// What is seen of the world that documents speak of.
struct Seen {
  NamedAddresses names;
  Failing failing;                           // endpoints that do not answer
  std::shared_ptr<const NodePlaces> places;  // null = nothing is known
  std::shared_ptr<const PodLabels> pods;     // the same
};

struct ExportRule {
  std::vector<std::string> except_namespaces;  // "kube-*": those that begin like this
  friend bool operator==(const ExportRule&, const ExportRule&) = default;
};

// Whether other clusters may know of it; not of what says so in words that make no sense.
bool is_exported(const resources::Metadata& metadata, const ExportRule& rule);

struct MadeRows {
  std::vector<EncodedRow> rows;  // by key, each key once
  std::vector<EncodedRow> home;  // of the same kind, for nobody else
  resources::Problems problems;
  std::set<std::pair<std::string, std::string>> troubled;  // namespace and name, of the problems
};

// What an assembler reads of them: with a row of the agent, which says where they are. Goes from
// state to state; `version` is the newer one's.
Rows rows_at_home(const Rows& before, RowChanges changes, const base::Locality& locality,
                  std::uint64_t version);

MadeRows make_rows(const resources::Documents& documents, const ExportRule& rule,
                   const Seen& seen = {});

// Whom to ask whether an endpoint answers, any of the addresses will do, and how.
using CheckedAddresses = std::vector<base::SocketAddress>;
struct CheckTarget {
  CheckedAddresses addresses;
  resources::HealthCheck how = {};
  friend bool operator==(const CheckTarget&, const CheckTarget&) = default;
};
using CheckTargets = std::map<EndpointName, CheckTarget>;
struct CheckRule {
  bool by_default = true;             // whether those are checked of which nothing is said
  std::vector<std::string> networks;  // that can be reached from here; none: all
  friend bool operator==(const CheckRule&, const CheckRule&) = default;
};
// Those that documents do not call unready themselves and that can be reached, where names lead as
// they do now.
CheckTargets check_targets(const resources::SharedList<resources::StaticService>& services,
                           const NamedAddresses& names, const CheckRule& rule);
// All that they name, checked or not.
std::vector<EndpointName> endpoints_of(
    const resources::SharedList<resources::StaticService>& services, const NamedAddresses& names);

}  // namespace discovery::sources
