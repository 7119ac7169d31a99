#include "discovery/slot.hpp"

namespace discovery {

bool Slot::gives_way(base::TimePoint now, base::Duration its_held, const Instance& its) const {
  if (is_fixed()) return false;
  if (its_held >= kHeldForGood) return true;
  const auto longer = its_held - held(now);
  if (longer > kTogether) return true;
  return longer >= -kTogether && its < instance_;
}

std::optional<std::uint32_t> Slot::next(base::TimePoint now, const std::set<std::uint32_t>& heard) {
  std::erase_if(refused_, [&](const auto& entry) { return now - entry.second >= kRefusedFor; });
  refused_[number_] = now;
  for (std::uint32_t step = 1; step < count_; ++step) {
    const auto number = (number_ + step) % count_;
    if (refused_.contains(number) || heard.contains(number)) continue;
    number_ = number;
    since_ = now;
    return number;
  }
  return std::nullopt;
}

}  // namespace discovery
