#include "agent/hand_over.hpp"

#include <algorithm>

namespace agent {
namespace {

constexpr base::Duration kBalancers = std::chrono::seconds(1);

}  // namespace

base::Duration hand_over_time(const Config& config, discovery::Goodbye::Reason reason,
                              const Membership* membership) {
  const auto takes_over = [&](const discovery::Member& member) {
    return !member.local && member.id.cluster == config.cluster &&
           member.state == discovery::Member::State::fresh;
  };
  if (config.is_leaf() || reason != discovery::Goodbye::Reason::leaving || !membership ||
      std::ranges::none_of(membership->members, takes_over))
    return {};
  return std::max(config.dns.ttl, config.dns.degraded_ttl) + kBalancers;
}

}  // namespace agent
