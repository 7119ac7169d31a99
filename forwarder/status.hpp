// What became of each document: said so that nobody has to guess why a table does nothing.
//
// Thread: pure.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "discovery/view/resolution.hpp"
#include "forwarder/delegation.hpp"
#include "resources/route_table.hpp"
#include "resources/shared_list.hpp"

namespace forwarder {

struct DocumentStatus {
  enum class State : std::uint8_t {
    accepted,
    warning,  // serves; something is odd
    invalid,  // some route answers 500 or takes nothing, or what is written now cannot serve
    failed,   // a policy: right by itself, but others of its kind have all that it selects
    unused,   // no request can reach it
  };
  std::string object;  // "RouteTable bookinfo/reviews", "VirtualDestination east/bookinfo/db"
  State state = State::accepted;
  std::vector<std::string> notes;  // "host reviews.example is not captured: …"

  friend bool operator==(const DocumentStatus&, const DocumentStatus&) = default;
};
using Statuses = resources::SharedList<DocumentStatus>;
std::string_view to_string(DocumentStatus::State state);

// Its state by its problems alone.
DocumentStatus status_of(const std::string& object, const resources::Problems& problems);

// What others than compile() have found in the documents as written: a typo, an error that holds a
// file back. No state gets better by it.
void add_findings(Statuses& statuses, const resources::Problems& problems,
                  const std::vector<std::string>& held_back);

// A destination whose host the table names, and that yet leads its callers past the forwarder, is a
// warning.
void warn_if_bypassed(const resources::RouteTable& root,
                      const discovery::view::Destination& destination,
                      resources::Problems& problems);

// Where gateways serve a table, each said in words; empty = nowhere.
using BoundTo = std::function<std::vector<std::string>(const resources::RouteTable&)>;

// Of the route tables in the order given; what is as it was is shared with `before`, where that is
// mostly of the same tables.
Statuses statuses(const resources::SharedList<resources::RouteTable>& tables,
                  const discovery::view::Resolution& resolution,
                  const std::set<const resources::RouteTable*>& delegated_to,
                  const BoundTo& bound_to, const resources::Problems& problems,
                  const Statuses& before);

}  // namespace forwarder
