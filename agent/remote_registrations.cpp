#include "agent/remote_registrations.hpp"

namespace agent {

void RemoteRegistrations::take(Order order, Done done) {
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_ && under_way_.size() < kMaxUnderWay) {
      id = ++last_;
      under_way_.emplace(id, std::move(done));
    }
  }
  if (id == 0) return done(base::unavailable("this agent is stopping, or too busy: try again"));
  loop_.post([this, id, order = std::move(order)] { answer(id, carry_out(order)); },
             base::Delivery::must_deliver);
}

base::Result<void> RemoteRegistrations::carry_out(const Order& order) {
  if (order.lease > base::Duration{}) return registrar_->put(order.document, order.lease);
  return registrar_->remove(order.document);
}

void RemoteRegistrations::answer(std::uint64_t id, const base::Result<void>& result) {
  Done done;
  {
    const std::lock_guard lock(mutex_);
    const auto at = under_way_.find(id);
    if (at == under_way_.end()) return;
    done = std::move(at->second);
    under_way_.erase(at);
  }
  done(result);
}

void RemoteRegistrations::stop() {
  std::map<std::uint64_t, Done> left;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    left.swap(under_way_);
  }
  for (const auto& [id, done] : left) done(base::unavailable("this agent is stopping"));
}

}  // namespace agent
