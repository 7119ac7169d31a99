// When a server that has just started begins to answer.
//
// Until this agent knows what there is, every answer would be a failure that a client takes for
// the truth; a query that waits a moment in its socket, where a restart has left it, is lost to
// nobody. Thread: any; pure.
#pragma once

#include "base/time.hpp"
#include "dns/table.hpp"

namespace dns::net {

inline constexpr base::Duration kUnsyncedAfter = std::chrono::milliseconds(500);
inline constexpr base::Duration kNothingAfter = std::chrono::seconds(1);
inline constexpr base::Duration kLookAgain = std::chrono::milliseconds(1);

// `table` may be null; `waited` counts from the server's start.
inline bool is_worth_answering(const Table* table, base::Duration waited) {
  if (table && table->synced()) return true;
  return waited >= (table ? kUnsyncedAfter : kNothingAfter);
}

}  // namespace dns::net
