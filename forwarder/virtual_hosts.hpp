// Gathers which routes serve which host, in which order.
//
// Thread: the builder's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "discovery/view/resolution.hpp"
#include "forwarder/routes.hpp"
#include "forwarder/upstreams.hpp"
#include "resources/route_table.hpp"
#include "resources/shared_list.hpp"

namespace forwarder {

// The tables that serve hosts to callers here, in the order they are merged in: see compile.hpp.
std::vector<const resources::RouteTable*> roots_in_order(
    const resources::SharedList<resources::RouteTable>& tables);

class VirtualHosts {
 public:
  // In the order of roots_in_order(). A host that an earlier table has is a warning. `excluded` are
  // the callers that the table is not for.
  void add(const resources::RouteTable& root, std::vector<Entry> entries,
           std::shared_ptr<const Addresses> excluded, resources::Problems& problems);
  // After all tables, a destination whose host one of them names: it has routes of its own for the
  // callers that none of them is for.
  void add_named(const Upstreams::Source& destination, Upstreams& upstreams);

  // That something can come in on.
  const std::set<std::uint16_t>& ports() const { return ports_; }

  Routes finish() &&;

 private:
  using Part = std::size_t;  // of parts_
  // Null: every caller has some table.
  std::shared_ptr<const Addresses> excluded_by_all(const std::vector<Part>& parts) const;
  VirtualHost merge(const std::vector<Part>& parts) const;

  std::vector<std::vector<Entry>> parts_;             // a table's entries, or an implicit host's
  std::vector<const resources::RouteTable*> tables_;  // by part
  std::vector<std::shared_ptr<const Addresses>> excluded_;  // by part
  std::map<std::string, std::vector<Part>, std::less<>> hosts_;
  std::set<std::uint16_t> ports_;
};

}  // namespace forwarder
