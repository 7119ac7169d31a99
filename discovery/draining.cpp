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

base::Duration Draining::Ramp::rest(base::TimePoint now) const {
  return has_ended() ? base::Duration::zero()
                     : std::max(begun + over - now, base::Duration::zero());
}

void Draining::Ramp::turn(base::TimePoint now, std::uint16_t to, base::Duration in) {
  from = left;
  goal = to;
  begun = next = now;
  over = in;
}

Draining::Ramp* Draining::find(const view::DrainTarget& target) {
  const auto found = std::ranges::find(ramps_, target, &Ramp::target);
  return found == ramps_.end() ? nullptr : &*found;
}

bool Draining::has_room() const {
  return std::ranges::count(ramps_, false, &Ramp::is_over) <
         static_cast<std::ptrdiff_t>(kMaxDrainsInRow);
}

// Above all that is known, so that it counts wherever they are.
OrderNumber Draining::next_order(std::uint32_t chance) const {
  OrderNumber last;
  for (const auto& ramp : ramps_) last = std::max(last, ramp.order);
  return {std::min(last.counter + 1, kMaxOrderCounter), chance};
}

base::Result<void> Draining::drain(base::TimePoint now, const view::DrainTarget& target,
                                   base::Duration over, std::uint32_t chance) {
  auto* ramp = find(target);
  if ((!ramp || ramp->is_over()) && !has_room())
    return base::Error{base::Code::exhausted, "there are " + std::to_string(kMaxDrainsInRow) +
                                                  " drains already; drain a service or the "
                                                  "cluster as a whole, or undrain some"};
  const auto order = next_order(chance);
  if (!ramp) {
    ramp = &ramps_.emplace_back();
    ramp->target = target;
  }
  ramp->order = order;
  ramp->turn(now, 0, over);
  return {};
}

bool Draining::undrain(base::TimePoint now, const view::DrainTarget& target, base::Duration over,
                       std::uint32_t chance) {
  auto* ramp = find(target);
  if (!ramp || ramp->is_over()) return false;
  ramp->order = next_order(chance);
  ramp->turn(now, view::kAllLeft, over);
  return true;
}

void Draining::resume(base::TimePoint now, const std::vector<DrainOrder>& orders) {
  for (const auto& saved : orders) {
    if (!saved.back && !has_room()) continue;
    auto& ramp = ramps_.emplace_back();
    ramp.target = saved.target;
    ramp.order = saved.order;
    ramp.order.counter = std::max<std::uint64_t>(1, ramp.order.counter);  // an older program's
    if (saved.ended) ramp.left = 0;
    ramp.turn(now, saved.back ? view::kAllLeft : 0, saved.over);
  }
}

void Draining::adopt(base::TimePoint now, const DrainStates& theirs) {
  for (const auto& their : theirs) {
    if (their.order.counter == 0) continue;  // ends with its agent
    auto* ramp = find(their.target);
    if (ramp && their.order < ramp->order) continue;
    if (ramp && their.order == ramp->order && their.rest + kAhead >= ramp->rest(now)) continue;
    if (!their.back && (!ramp || ramp->is_over()) && !has_room()) continue;
    if (!ramp) {
      ramp = &ramps_.emplace_back();
      ramp->target = their.target;
    }
    ramp->order = their.order;
    ramp->left = their.left;
    ramp->turn(now, their.back ? view::kAllLeft : 0, std::min(their.rest, kLongest));
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
  forget_oldest();
  return changed;
}

void Draining::forget_oldest() {
  while (std::ranges::count(ramps_, true, &Ramp::is_over) >
         static_cast<std::ptrdiff_t>(kMaxDrainsInRow)) {
    auto oldest = ramps_.end();
    for (auto at = ramps_.begin(); at != ramps_.end(); ++at)
      if (at->is_over() && (oldest == ramps_.end() || at->order < oldest->order)) oldest = at;
    ramps_.erase(oldest);
  }
}

base::TimePoint Draining::deadline() const {
  auto first = base::TimePoint::max();
  for (const auto& ramp : ramps_) first = std::min(first, ramp.next);
  return first;
}

DrainStates Draining::states(base::TimePoint now) const {
  DrainStates states;
  for (const auto& ramp : ramps_)
    if (ramp.left < view::kAllLeft || ramp.is_over())
      states.push_back({ramp.target, ramp.left, ramp.is_back(), ramp.rest(now), ramp.order});
  return states;
}

std::vector<DrainOrder> Draining::orders() const {
  std::vector<DrainOrder> orders;
  for (const auto& ramp : ramps_)
    if (ramp.is_back())
      orders.push_back({ramp.target, {}, false, ramp.order, true});
    else
      orders.push_back({ramp.target, ramp.over, ramp.has_ended(), ramp.order});
  return orders;
}

std::vector<Draining::Status> Draining::status(base::TimePoint now) const {
  std::vector<Status> all;
  for (const auto& ramp : ramps_)
    if (!ramp.is_over()) all.push_back({ramp.target, ramp.left, ramp.goal, ramp.rest(now)});
  return all;
}

}  // namespace discovery
