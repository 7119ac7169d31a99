// Rows of endpoints 10.0.0.N, in two services by turns; and what a list of lines mentions.
#pragma once

#include <string>
#include <vector>

#include "discovery/row.hpp"
#include "tests/unit/discovery/story.hpp"

inline base::SocketAddress address(std::uint32_t number) {
  return {base::IpAddress::v4(10u << 24 | number), 80};
}

inline Story::Contents endpoints(std::uint32_t first, std::uint32_t count) {
  Story::Contents rows;
  for (auto number = first; number < first + count; ++number) {
    discovery::EndpointRow row{
        "shop", "web" + std::to_string(number % 2), std::to_string(number), {}};
    row.ip = address(number).ip;
    row.traits.ports = {{"http", 80}};
    auto encoded = encode(row);
    rows[encoded.key] = encoded.value;
  }
  return rows;
}

inline bool mentions(const std::vector<std::string>& lines, const std::string& what) {
  for (const auto& line : lines)
    if (line.find(what) != std::string::npos) return true;
  return false;
}
