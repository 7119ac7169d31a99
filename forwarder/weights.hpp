// How weights become shares of the traffic (gloo.md §1 "Weights").
//
// Shares add up to 100. An explicit 0 means never; destinations without a weight divide what the
// others leave, and each must get at least 1; no weights at all are equal shares.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace forwarder {

base::Result<std::vector<std::uint32_t>> shares(
    std::span<const std::optional<std::uint32_t>> weights);

}  // namespace forwarder
