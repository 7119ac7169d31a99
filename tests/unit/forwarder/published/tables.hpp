// The RouteTables of the published Gloo documents, read from where they lie beside the repository
// (see README.md there), as `nearmost` reads them.
#pragma once

#include <string>
#include <vector>

#include "resources/route_table.hpp"
#include "resources/shared_list.hpp"

namespace published {

struct Table {
  std::string file;  // "routetable-002-bookinfo-root-routes.yaml"
  std::shared_ptr<const resources::RouteTable> table;
};

// By file; empty, with a word, when the documents are not there. What the authors' scripts fill in
// is: "${CLUSTER1}" is "cluster1".
std::vector<Table> tables();

// A table that requests can come to: it and what it may delegate to.
struct Scene {
  std::shared_ptr<const resources::RouteTable> root;
  resources::SharedList<resources::RouteTable> all;
};

// One with hosts is a root, with all published tables that it could delegate to, of each name and
// namespace the first. One without gets two made-up roots: for all of host "whole.test", and for
// what begins with /team of "below.test".
std::vector<Scene> scenes(const Table& table, const std::vector<Table>& all);

}  // namespace published
