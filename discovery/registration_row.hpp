// The rows by which an agent tells the others of its cluster who registered with it, so that what
// was registered outlives that agent.
//
// Key: "r/<id>", where the id is of the service and its endpoints. A row is of what somebody renews
// at this very agent, or of what was taken back there; endpoints that are served are rows of their
// own (row.hpp), so nobody but a sibling needs these. Errors: nothing where the bytes are no such
// row. Thread: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "discovery/row.hpp"

namespace discovery {

inline constexpr std::string_view kRegistrationKeys = "r/";
inline constexpr std::size_t kMaxRegistrationIdBytes = 64;

struct RegistrationRow {
  std::string id;
  std::string text;        // as it was said; "" = it was taken back
  base::Duration lease{};  // how long it is known after its agent was heard last
  OrderNumber order;       // of two texts the one with the higher number counts
  bool is_gone() const { return text.empty(); }
  friend bool operator==(const RegistrationRow&, const RegistrationRow&) = default;
};

EncodedRow encode_registration(const RegistrationRow& row);
std::optional<RegistrationRow> decode_registration(std::string_view key, std::string_view value);

}  // namespace discovery
