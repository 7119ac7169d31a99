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
  alarm_.look();
}

}  // namespace agent
