#include "agent/drainer.hpp"

namespace agent {

void Drainer::resume(const std::vector<discovery::DrainOrder>& orders) {
  draining_.resume(loop_.now(), orders);
  look();
}

base::Result<void> Drainer::drain(const discovery::view::DrainTarget& target, base::Duration over) {
  auto done = draining_.drain(loop_.now(), target, over, draw());
  look();
  return done;
}

bool Drainer::undrain(const discovery::view::DrainTarget& target, base::Duration over) {
  const bool known = draining_.undrain(loop_.now(), target, over, draw());
  look();
  return known;
}

void Drainer::adopt(const discovery::DrainStates& theirs) {
  draining_.adopt(loop_.now(), theirs);
  look();
}

void Drainer::look() {
  const auto now = loop_.now();
  if (draining_.tick(now)) changed_(draining_.states(now), draining_.orders());
  alarm_.look();
}

}  // namespace agent
