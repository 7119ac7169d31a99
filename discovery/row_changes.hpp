// What leads from one set of rows to another.
//
// Thread: a pure function.
#pragma once

#include <vector>

#include "discovery/row.hpp"

namespace discovery {

// Both by rising key, and no key twice in one.
RowChanges changes_between(const std::vector<EncodedRow>& before, std::vector<EncodedRow> after);

}  // namespace discovery
