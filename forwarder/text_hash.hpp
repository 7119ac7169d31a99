// Lets a hash table with std::string keys be asked for a std::string_view without a copy.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace forwarder {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace forwarder
