// One agent on the real processor, with the rows of a whole mesh: what a row costs it in bytes and
// in time, without any delay between it and the origins.
#pragma once

#include "tests/bench/report.hpp"

namespace bench {

// 63 origins of 16,000 rows.
void million(Report& report);
// Many changes at a time.
void rate(Report& report);
// One change at a time in a service of so many endpoints.
void single_changes(Report& report, std::size_t service);
// What it says in a second while it is joined with all others of a mesh and nothing changes.
void idle(Report& report, std::size_t clusters, double most_kilobytes);

}  // namespace bench
