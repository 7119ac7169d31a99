#include "forwarder/warm_up.hpp"

#include <algorithm>

namespace forwarder {

WarmUp::WarmUp(std::vector<base::TimePoint> since, base::Duration lasts)
    : since_(std::move(since)),
      lasts_(lasts),
      oldest_(std::ranges::min(since_)),
      until_(std::ranges::max(since_) + lasts_) {}

double WarmUp::alone(base::TimePoint since, base::TimePoint now) const {
  if (since == kEver || now >= since + lasts_) return 1;
  const auto part =
      static_cast<double>((now - since).count()) / static_cast<double>(lasts_.count());
  return std::max(part, kLeastWarmth);
}

double WarmUp::warmth(std::size_t member, base::TimePoint now) const {
  return alone(since_[member], now) / alone(oldest_, now);
}

}  // namespace forwarder
