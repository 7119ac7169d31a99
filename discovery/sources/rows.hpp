// The local origin's rows as the operator's documents say them: Kubernetes Services with their
// EndpointSlices, short-form services, virtual destinations.
//
// Several slices of one service are joined; an address that stands in two with the same ports (as
// it does while it moves between slices) is one endpoint, and the healthier word wins. A slice
// without its Service gives its endpoints all the same. What is not exported (`kube-*`, the agent's
// own namespace) makes no row; a warning counts it. Errors: a document that cannot be a row is a
// problem at its place; the others are rows. Thread: a pure function. Cost: linear in the
// documents.
#pragma once

#include <string>
#include <vector>

#include "discovery/row.hpp"
#include "resources/documents.hpp"

namespace discovery::sources {

struct ExportRule {
  std::string own_namespace;  // the agent's; "" = none
};

struct MadeRows {
  std::vector<EncodedRow> rows;  // by key, each key once
  resources::Problems problems;
};

MadeRows make_rows(const resources::Documents& documents, const ExportRule& rule);

}  // namespace discovery::sources
