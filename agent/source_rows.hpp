// What one of this agent's sources says, on its way from who reads it to the control thread.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "discovery/node.hpp"

namespace agent {

struct SourceRows {
  std::string source;  // "files", "kubernetes", "agent", "drains", "registrations", "leases"
  // All of them, or what has changed since the source said something last.
  std::variant<std::vector<discovery::EncodedRow>, discovery::RowChanges> rows;
  std::uint64_t edition = 0;  // above 0: the next publication carries it, changed or not; but none
                              // while rows of the source are held, for those are of older documents
  discovery::Listing listing = discovery::Listing::change;  // of all of them
};

}  // namespace agent
