#include "discovery/draining.hpp"

#include <algorithm>

#include "discovery/row_check.hpp"

namespace discovery {

std::uint16_t Draining::Ramp::left_at(base::TimePoint now) const {
  if (from == goal || now - begun >= over) return goal;
  const auto passed =
      static_cast<double>((now - begun).count()) / static_cast<double>(over.count());
  const auto way = (static_cast<double>(goal) - from) * passed;
  // Not there before its time: what nothing is left of gets no requests, what all is left of is
  // drained no more.
  return static_cast<std::uint16_t>(
      std::clamp<int>(from + static_cast<int>(way), 1, view::kAllLeft - 1));
}

Draining::Ramp* Draining::find(const view::DrainTarget& target) {
  const auto found = std::ranges::find(ramps_, target, &Ramp::target);
  return found == ramps_.end() ? nullptr : &*found;
}

base::Result<void> Draining::drain(base::TimePoint now, const view::DrainTarget& target,
                                   base::Duration over) {
  auto* ramp = find(target);
  if (!ramp) {
    if (ramps_.size() == kMaxDrainsInRow)
      return base::Error{base::Code::exhausted, "there are " + std::to_string(kMaxDrainsInRow) +
                                                    " drains already; drain a service or the "
                                                    "cluster as a whole, or undrain some"};
    ramp = &ramps_.emplace_back();
    ramp->target = target;
  }
  ramp->from = ramp->left;
  ramp->goal = 0;
  ramp->begun = ramp->next = now;
  ramp->over = over;
  return {};
}

bool Draining::undrain(base::TimePoint now, const view::DrainTarget& target, base::Duration over) {
  auto* ramp = find(target);
  if (!ramp) return false;
  ramp->from = ramp->left;
  ramp->goal = view::kAllLeft;
  ramp->begun = ramp->next = now;
  ramp->over = over;
  return true;
}

void Draining::resume(base::TimePoint now, const std::vector<DrainOrder>& orders) {
  for (const auto& order : orders) {
    if (!drain(now, order.target, order.over)) return;
    if (order.ended) ramps_.back().left = ramps_.back().from = 0;
  }
}

bool Draining::tick(base::TimePoint now) {
  bool changed = false;
  for (auto& ramp : ramps_) {
    if (now < ramp.next) continue;
    changed |= ramp.left != ramp.left_at(now) || ramp.begun == ramp.next;
    ramp.left = ramp.left_at(now);
    const auto step = std::min(now + kStep, ramp.begun + ramp.over);
    ramp.next = ramp.has_ended() ? base::TimePoint::max() : step;
  }
  std::erase_if(ramps_, [](const Ramp& ramp) { return ramp.left == view::kAllLeft; });
  return changed;
}

base::TimePoint Draining::deadline() const {
  auto first = base::TimePoint::max();
  for (const auto& ramp : ramps_) first = std::min(first, ramp.next);
  return first;
}

view::Drains Draining::drains() const {
  view::Drains drains;
  for (const auto& ramp : ramps_)
    if (ramp.left < view::kAllLeft) drains.push_back({ramp.target, ramp.left});
  return drains;
}

std::vector<DrainOrder> Draining::orders() const {
  std::vector<DrainOrder> orders;
  for (const auto& ramp : ramps_)
    if (ramp.goal == 0) orders.push_back({ramp.target, ramp.over, ramp.has_ended()});
  return orders;
}

std::vector<Draining::Status> Draining::status(base::TimePoint now) const {
  std::vector<Status> all;
  for (const auto& ramp : ramps_) {
    const auto rest = ramp.has_ended()
                          ? base::Duration::zero()
                          : std::max(ramp.begun + ramp.over - now, base::Duration::zero());
    all.push_back({ramp.target, ramp.left, ramp.goal, rest});
  }
  return all;
}

}  // namespace discovery
