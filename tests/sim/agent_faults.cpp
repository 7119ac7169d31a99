#include "tests/sim/agent_faults.hpp"

#include <algorithm>

#include "tests/sim/weather.hpp"

namespace sim {
namespace {

using Reason = discovery::Goodbye::Reason;
using namespace std::chrono_literals;

constexpr base::Duration kNoiseInterval = 20ms;
constexpr std::size_t kNoiseChanges = 40;  // each time: 2,000 a second

}  // namespace

void AgentFaults::crash() {
  const auto n = mesh_.any();
  mesh_.kill(n);
  come_back(n, mesh_.seconds(0.1, 30));
}

// A disk may be lost, corrupt, or one of an earlier day.
void AgentFaults::come_back(std::size_t n, base::Duration time) {
  const auto luck = mesh_.random().below(10);
  if (luck < 2) mesh_.lose_disk(n);
  if (luck == 2) mesh_.put_older_disk(n);
  if (luck == 3) mesh_.corrupt_disk(n);
  // Sources go on while nobody publishes them.
  mesh_.after(time / 2, [this, n] {
    if (!mesh_.clusters()[n].process) mesh_.change_rows(n, 5);
  });
  mesh_.after(time, [this, n] { mesh_.start(n); });
}

void AgentFaults::crash_of_cluster() {
  const auto n = mesh_.any();
  mesh_.clusters()[n].answering.clear();
  mesh_.note("the endpoints of " + mesh_.clusters()[n].name + " die");
  mesh_.kill(n);
  come_back(n, mesh_.seconds(5, 50));
}

void AgentFaults::mass_restart() {
  std::vector<std::size_t> order(mesh_.agents());
  for (std::size_t n = 0; n < order.size(); ++n) order[n] = n;
  mesh_.random().shuffle(order);
  const auto least = (order.size() + 1) / 2;
  order.resize(least + mesh_.random().below(order.size() - least + 1));
  mesh_.note(std::to_string(order.size()) + " agents restart");
  for (const auto n : order) mesh_.kill(n);
  for (const auto n : order) come_back(n, mesh_.seconds(0.1, 8));
}

void AgentFaults::goodbye() {
  const auto n = mesh_.any();
  mesh_.leave(n, mesh_.random().chance(0.5) ? Reason::returning : Reason::leaving);
  mesh_.after(mesh_.seconds(1, 2), [this, n] {
    if (!mesh_.clusters()[n].process) come_back(n, mesh_.seconds(1, 30));
  });
}

// Mostly short; a long one ends with the bad weather.
void AgentFaults::stall() {
  const auto time = mesh_.random().chance(0.7) ? mesh_.seconds(1, 8) : mesh_.seconds(8, 60);
  mesh_.pause(mesh_.any(), std::min(time, kCalm - mesh_.elapsed()));
}

void AgentFaults::endpoints_die() {
  const auto n = mesh_.any();
  auto& cluster = mesh_.clusters()[n];
  cluster.answering.clear();
  if (mesh_.random().chance(0.5)) cluster.answering.insert(cluster.endpoints.front());
  mesh_.after(mesh_.seconds(2, 30), [this, n] {
    auto& again = mesh_.clusters()[n];
    again.answering = {again.endpoints.begin(), again.endpoints.end()};
  });
}

// Of a cluster with several agents: nobody else is hurt by it.
std::optional<std::size_t> AgentFaults::any_with_siblings() {
  const auto n = mesh_.any();
  return mesh_.has_siblings(n) ? std::optional(n) : std::nullopt;
}

// Some stay so until the end.
void AgentFaults::get_stuck() {
  const auto n = any_with_siblings();
  if (!n) return;
  for (const auto other : mesh_.siblings(*n))
    if (mesh_.clusters()[other].stuck) return;
  mesh_.get_stuck(*n, mesh_.random().chance(0.2) ? kLength : mesh_.seconds(2, 60));
}

// One agent of a cluster after the other.
void AgentFaults::roll() {
  const auto n = any_with_siblings();
  if (!n) return;
  auto at = 0s;
  for (const auto other : mesh_.siblings(*n)) {
    mesh_.after(at, [this, other] {
      mesh_.leave(other, Reason::returning);
      mesh_.after(3s, [this, other] { mesh_.start(other); });
    });
    at += 15s;
  }
}

void AgentFaults::burst() {
  const auto n = mesh_.any();
  if (mesh_.awake(n)) mesh_.change_rows(n, 100);
}

void AgentFaults::noise(std::size_t n, base::Duration time) {
  if (time <= base::Duration::zero()) return;
  mesh_.is_noisy(n);
  if (mesh_.awake(n)) mesh_.change_rows(n, kNoiseChanges);
  mesh_.after(kNoiseInterval, [this, n, time] { noise(n, time - kNoiseInterval); });
}

}  // namespace sim
