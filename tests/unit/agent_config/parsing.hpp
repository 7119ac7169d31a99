// An agent.yaml given as text, and what was said of it.
#pragma once

#include <string>
#include <string_view>

#include "agent/config.hpp"

namespace parsing {

inline agent::LoadedConfig parse(std::string_view text) {
  return agent::parse_config("agent.yaml", text);
}

inline std::string told(const resources::Problems& problems) {
  std::string out;
  for (const auto& problem : problems) out += problem.to_string() + "\n";
  return out;
}

}  // namespace parsing
