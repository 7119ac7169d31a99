// A query's bytes, with ID 0.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

using Query = std::vector<std::uint8_t>;

inline Query make_query(const std::string& name, std::uint16_t type) {
  Query query{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  for (std::size_t at = 0; at < name.size();) {
    const auto dot = std::min(name.find('.', at), name.size());
    query.push_back(static_cast<std::uint8_t>(dot - at));
    query.insert(query.end(), name.begin() + static_cast<std::ptrdiff_t>(at),
                 name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  for (const int byte : {0, type >> 8, type & 255, 0, 1})
    query.push_back(static_cast<std::uint8_t>(byte));
  return query;
}

}  // namespace bench
