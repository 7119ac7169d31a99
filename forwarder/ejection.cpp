#include "forwarder/ejection.hpp"

#include <algorithm>

namespace forwarder {

bool judge(const Upstream& upstream, const Member& member, std::uint16_t status,
           base::TimePoint now) {
  if (!member.outlier) return false;
  const auto& rule = *upstream.policy->outliers;
  if (!member.outlier->saw(seen(status), rule) || member.outlier->ejected(now)) return false;
  const auto ejected = static_cast<std::size_t>(std::ranges::count_if(
      upstream.outliers, [&](const auto& outlier) { return outlier->ejected(now); }));
  if (ejected > 0 && (ejected + 1) * 100 > rule.max_percent * upstream.outliers.size())
    return false;
  return member.outlier->eject(now, rule);
}

}  // namespace forwarder
