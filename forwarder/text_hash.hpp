// Hash tables with std::string keys that can be asked for a std::string_view without a copy.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace forwarder {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

// Says that it has none of a key without a look at the keys, as a rule.
template <class Value>
using ByText = absl::flat_hash_map<std::string, Value, TextHash, std::equal_to<>>;

}  // namespace forwarder
