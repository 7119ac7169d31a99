#include "forwarder/weights.hpp"

#include <string>

namespace forwarder {

base::Result<std::vector<std::uint32_t>> shares(
    std::span<const std::optional<std::uint32_t>> weights) {
  std::uint64_t given = 0, open = 0;
  for (const auto& weight : weights) weight ? given += *weight : ++open;
  const auto sum = std::to_string(given);
  if (given > 100) return base::invalid("weights add up to " + sum + ", more than 100");
  if (open == 0 && given != 100) return base::invalid("weights add up to " + sum + ", not 100");
  const auto left = 100 - given;
  if (left < open)
    return base::invalid("weights add up to " + sum + " and leave too little for " +
                         std::to_string(open) + " without a weight");

  std::vector<std::uint32_t> result;
  std::uint64_t nth = 0;
  for (const auto& weight : weights) {
    if (weight) {
      result.push_back(*weight);
      continue;
    }
    // What does not divide evenly goes to the first ones.
    const auto extra = nth++ < left % open ? 1u : 0u;
    result.push_back(static_cast<std::uint32_t>(left / open + extra));
  }
  return result;
}

}  // namespace forwarder
