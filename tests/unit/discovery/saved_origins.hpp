// Origins to put on disk, for the tests of what is kept there and for its fuzzer.
#pragma once

#include <utility>
#include <vector>

#include "discovery/origin_state.hpp"
#include "discovery/saved_state.hpp"

namespace saved_origins {

inline discovery::OriginPublication published(discovery::OriginId id, discovery::Stamp stamp,
                                              std::vector<discovery::Row> rows) {
  discovery::OriginPublication origin;
  origin.id = std::move(id);
  origin.stamp = stamp;
  origin.rows = discovery::Rows().with(rows);
  return origin;
}

inline std::vector<discovery::Row> rows_of(const discovery::Rows& rows) {
  std::vector<discovery::Row> copies;
  rows.for_each([&](const discovery::RowView& row) { copies.push_back(row.copy()); });
  return copies;
}

inline discovery::OriginPublication east() {
  return published({"east", 1}, {0x500000001, 300},
                   {{"e/a", 3, "one"}, {"e/b", 200, std::string(1, '\0')}});
}

inline discovery::OriginPublication empty() { return published({"w", 0}, {7, 1}, {}); }

}  // namespace saved_origins
