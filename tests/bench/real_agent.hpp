// One agent on the real processor, with the rows of a whole mesh: what a row costs it in bytes and
// in time, without any delay between it and the origins.
#pragma once

#include "tests/bench/report.hpp"

namespace bench {

// It takes in so many origins, one after the other.
void join(Report& report, std::size_t origins, std::size_t rows);
// Many changes at a time.
void rate(Report& report);
// One change at a time in a service of so many endpoints.
void single_changes(Report& report, std::size_t service);

}  // namespace bench
