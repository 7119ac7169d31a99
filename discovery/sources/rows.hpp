// The local origin's rows as the operator's documents say them: Kubernetes Services with their
// EndpointSlices, short-form services, virtual destinations.
//
// Several slices of one service are joined; an address that stands in two with the same ports (as
// it does while it moves between slices) is one endpoint, and the healthier word wins. A slice
// without its Service gives its endpoints all the same. What is not exported
// (by the rule, or by the annotation nearmost.io/export) makes rows of its own, for this cluster
// alone. An endpoint that is a name is one for each of the name's addresses, labelled kNameLabel;
// none while it has no addresses. Errors: a document that cannot be a row is a problem at its
// place; the others are rows. Thread: a pure function. Cost: linear in the documents.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "discovery/row.hpp"
#include "discovery/rows.hpp"
#include "resources/documents.hpp"

namespace discovery::sources {

// On an endpoint that a document gives by name: that name.
inline constexpr const char* kNameLabel = "nearmost.io/name";

// Where the names lead that documents give instead of addresses.
using NamedAddresses = std::map<std::string, std::vector<base::IpAddress>, std::less<>>;

struct ExportRule {
  std::vector<std::string> except_namespaces;  // "kube-*": those that begin like this
  friend bool operator==(const ExportRule&, const ExportRule&) = default;
};

struct MadeRows {
  std::vector<EncodedRow> rows;  // by key, each key once
  std::vector<EncodedRow> home;  // of the same kind, for nobody else
  resources::Problems problems;
};

// What an assembler reads of them: with a row of the agent, which says where they are. Goes from
// state to state; `version` is the newer one's.
Rows rows_at_home(const Rows& before, RowChanges changes, const base::Locality& locality,
                  std::uint64_t version);

MadeRows make_rows(const resources::Documents& documents, const ExportRule& rule,
                   const NamedAddresses& names = {});

}  // namespace discovery::sources
