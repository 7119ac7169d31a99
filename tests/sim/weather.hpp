// The trouble of one run: at least twenty faults in the first four of its five minutes, all from
// the seed.
#pragma once

#include "tests/sim/mesh.hpp"

namespace sim {

inline constexpr base::Duration kCalm = std::chrono::seconds(240);  // from here on nothing breaks
inline constexpr base::Duration kSettled = std::chrono::seconds(258);  // what broke has healed
inline constexpr base::Duration kQuiet = std::chrono::seconds(275);  // from here on nothing changes
inline constexpr base::Duration kLength = std::chrono::seconds(300);  // when all must agree
inline constexpr std::size_t kLeastFaults = 20;

struct Outcome {
  std::vector<std::string> violations;
  std::size_t frames = 0, faults = 0;
};
// A whole run.
Outcome run(std::uint64_t seed, std::function<void(const std::string&)> transcript = {});

}  // namespace sim
