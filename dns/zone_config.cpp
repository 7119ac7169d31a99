#include "dns/zone_config.hpp"

#include <algorithm>

namespace dns {

std::uint32_t wire_ttl(base::Duration duration) {
  const auto whole = std::chrono::ceil<std::chrono::seconds>(duration).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(whole, 0, 86400));
}

}  // namespace dns
