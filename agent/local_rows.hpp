// What this agent's documents make it publish: nothing where it is a leaf.
//
// A leaf may read the same folder as its cluster's agents do, for its route tables; what it leaves
// to them is said once for each kind of document. Thread: one at a time.
#pragma once

#include <vector>

#include "agent/config.hpp"
#include "discovery/sources/kept_rows.hpp"
#include "resources/documents.hpp"

namespace agent {

class LocalRows {
 public:
  struct Update {
    discovery::RowChanges changes;  // of the rows before
    discovery::Rows home;           // all, for nobody else
    resources::Problems problems;
  };
  Update update(const resources::Documents& documents, Role role,
                const discovery::sources::ExportRule& exports, const base::Locality& locality);

 private:
  discovery::sources::KeptRows kept_;
  discovery::Rows home_;
  std::uint64_t version_ = 0;  // of home_
};

}  // namespace agent
