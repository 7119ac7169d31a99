#include "agent/drainer.hpp"

namespace agent {

void Drainer::resume(const std::vector<discovery::DrainOrder>& orders) {
  draining_.resume(loop_.now(), orders);
  look();
}

base::Result<void> Drainer::drain(const discovery::view::DrainTarget& target, base::Duration over) {
  auto done = draining_.drain(loop_.now(), target, over);
  look();
  return done;
}

bool Drainer::undrain(const discovery::view::DrainTarget& target, base::Duration over) {
  const bool known = draining_.undrain(loop_.now(), target, over);
  look();
  return known;
}

void Drainer::look() {
  if (draining_.tick(loop_.now())) changed_(draining_.drains(), draining_.orders());
  if (looks_ || draining_.deadline() == base::TimePoint::max()) return;
  looks_ = true;
  scope_.spawn(look_again());
}

base::net::Task<void> Drainer::look_again() {
  while (draining_.deadline() != base::TimePoint::max()) {
    co_await base::net::sleep_until(loop_, draining_.deadline());
    look();
  }
  looks_ = false;
}

}  // namespace agent
