// What this agent's documents make it publish: nothing where it is a leaf.
//
// A leaf may read the same folder as its cluster's agents do, for its route tables; what it leaves
// to them is said once for each kind of document. Thread: pure functions.
#pragma once

#include "agent/config.hpp"
#include "discovery/sources/rows.hpp"
#include "resources/documents.hpp"

namespace agent {

discovery::sources::MadeRows local_rows(const resources::Documents& documents, Role role,
                                        const discovery::sources::ExportRule& exports);

}  // namespace agent
