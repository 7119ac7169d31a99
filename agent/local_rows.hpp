// What this agent's documents, the objects of its Kubernetes and what is registered with it make it
// publish: nothing where it is a leaf.
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
    discovery::RowChanges changes;  // of the source's rows before
    discovery::Rows home;           // all of the source, for nobody else
    resources::Problems problems;
  };
  Update update(const resources::Documents& documents, Role role,
                const discovery::sources::ExportRule& exports, const base::Locality& locality,
                const discovery::sources::Seen& seen = {});
  Update update_kubernetes(const resources::Documents& objects,
                           const discovery::sources::ExportRule& exports,
                           const base::Locality& locality, const discovery::sources::Seen& seen);
  Update update_registered(const resources::Documents& services,
                           const discovery::sources::ExportRule& exports,
                           const base::Locality& locality, const discovery::sources::Seen& seen);

 private:
  struct Source {
    discovery::sources::KeptRows kept;
    discovery::Rows home;
  };
  Update update(Source& source, const resources::Documents& documents,
                const discovery::sources::ExportRule& exports, const base::Locality& locality,
                const discovery::sources::Seen& seen);

  Source files_, kubernetes_, registered_;
  std::uint64_t version_ = 0;  // of what is for home: the sources' versions never meet
};

// Two sources' rows for home; where both claim a key, the first has it, as it has of those for
// everybody (discovery/local_origin.hpp). Cost: linear in the other's rows.
discovery::Rows at_home(const discovery::Rows& first, const discovery::Rows& other);

}  // namespace agent
