// What rows of several kinds are made of: labels, ports, the parts of a key.
//
// Errors: false where the bytes say what no row may. Thread: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/labels.hpp"
#include "discovery/fields.hpp"
#include "discovery/view/endpoint.hpp"

namespace discovery {

void write_labels(FieldWriter& out, std::uint32_t field, const base::Labels& labels);
bool read_label(std::string_view bytes, base::Labels& labels);

base::Bytes encode_port(std::string_view name, std::uint16_t number, std::string_view target_name,
                        std::uint16_t target_number, std::string_view protocol);
bool read_port(std::string_view bytes, view::ServicePort& port);

// Narrows a wire number; what does not fit makes the row invalid.
template <class N>
bool read_number(const Field& field, N& value) {
  if (field.number > std::numeric_limits<N>::max()) return false;
  value = static_cast<N>(field.number);
  return true;
}

// "s/bookinfo/ratings" → {"bookinfo", "ratings"}; the last part keeps its slashes. False when parts
// are missing.
template <std::size_t N>
bool split_key(std::string_view key, std::array<std::string_view, N>& parts) {
  key.remove_prefix(std::min<std::size_t>(2, key.size()));
  for (std::size_t i = 0; i + 1 < N; ++i) {
    const auto slash = key.find('/');
    if (slash == key.npos) return false;
    parts[i] = key.substr(0, slash);
    key.remove_prefix(slash + 1);
  }
  parts[N - 1] = key;
  return std::none_of(parts.begin(), parts.end(), [](const auto& part) { return part.empty(); });
}

}  // namespace discovery
