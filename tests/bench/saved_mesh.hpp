// Clusters as an agent knows them from others, made of numbers.
#pragma once

#include "discovery/publication.hpp"

namespace bench {

discovery::OriginPublication origin_of(std::size_t cluster, std::size_t services,
                                       std::size_t endpoints);

}  // namespace bench
