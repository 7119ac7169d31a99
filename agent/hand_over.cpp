#include "agent/hand_over.hpp"

#include <algorithm>

namespace agent {
namespace {

constexpr base::Duration kBalancers = std::chrono::seconds(1);

}  // namespace

base::Duration hand_over_time(const Config& config, discovery::Goodbye::Reason reason,
                              const Membership* membership) {
  if (config.is_leaf() || reason != discovery::Goodbye::Reason::leaving || !membership ||
      !membership->hears_sibling())
    return {};
  return std::max(config.dns.ttl, config.dns.degraded_ttl) + kBalancers;
}

}  // namespace agent
