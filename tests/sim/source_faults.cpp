#include "tests/sim/source_faults.hpp"

#include <algorithm>

namespace sim {
namespace {

using discovery::Listing;
using namespace std::chrono_literals;

constexpr base::Duration kHold = 60s;      // NodeConfig::relist_hold
constexpr base::Duration kHoldSlack = 2s;  // until it is withdrawn

std::vector<std::string> endpoints_of(const Cluster& cluster) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : cluster.rows)
    if (is_endpoint(key)) keys.push_back(key);
  return keys;
}

}  // namespace

// Loses more than half of its endpoints, never all, and some of its other rows; returns how many.
// None where a hold is under way or too few are left for one.
std::size_t SourceFaults::most_of(std::size_t n) {
  auto& cluster = mesh_.clusters()[n];
  auto keys = endpoints_of(cluster);
  if (!mesh_.awake(n) || mesh_.has_siblings(n) || !cluster.unlisted.empty() || keys.size() < 10)
    return 0;
  if (mesh_.clusters()[n].process->node->stamp().version == 0)
    return 0;  // still reading for the first time
  mesh_.random().shuffle(keys);
  keys.resize(keys.size() / 2 + 1 + mesh_.random().below((keys.size() - 1) / 2));
  cluster.unlisted.insert(keys.begin(), keys.end());
  for (const auto& [key, value] : cluster.rows)
    if (!is_endpoint(key) && mesh_.random().chance(0.5)) cluster.unlisted.insert(key);
  mesh_.note("a relist of " + cluster.name + " misses " + std::to_string(keys.size()) +
             " endpoints");
  mesh_.list(n, Listing::relist);
  return keys.size();
}

// Not while its agent stalls, which would not hear of it then.
void SourceFaults::later(base::Duration time, std::size_t n, std::function<void(Cluster&)> what) {
  mesh_.after(time, [this, n, what = std::move(what)] {
    auto& cluster = mesh_.clusters()[n];
    if (cluster.process && !mesh_.awake(n))
      later(cluster.process->paused_until - mesh_.now(), n, what);
    else
      what(cluster);
  });
}

void SourceFaults::misread() {
  const auto n = mesh_.any();
  if (most_of(n) == 0) return;
  const auto life = mesh_.clusters()[n].process->life;
  const bool relists = mesh_.random().chance(0.5);
  later(mesh_.seconds(0.05, 55), n, [this, n, life, relists](Cluster& cluster) {
    if (!cluster.process || cluster.process->life != life) return;
    cluster.unlisted.clear();
    mesh_.list(n, relists ? Listing::relist : Listing::change);
  });
}

void SourceFaults::lose() {
  const auto n = mesh_.any();
  if (most_of(n) == 0) return;
  auto& cluster = mesh_.clusters()[n];
  for (const auto& key : cluster.unlisted)
    cluster.gone[key] = {mesh_.now() + kHold, mesh_.now() + kHold + kHoldSlack};
}

// They come back a little later, as new ones would.
void SourceFaults::scale_down() {
  const auto n = mesh_.any();
  auto& cluster = mesh_.clusters()[n];
  auto keys = endpoints_of(cluster);
  std::erase_if(keys, [&](const auto& key) { return cluster.unlisted.contains(key); });
  if (!mesh_.awake(n) || mesh_.has_siblings(n) || keys.size() < 2) return;
  mesh_.random().shuffle(keys);
  const bool few = !cluster.unlisted.empty() ? false : mesh_.random().chance(0.4);
  keys.resize(few ? 1 + mesh_.random().below(keys.size() / 2)
                  : 1 + mesh_.random().below(keys.size() - 1));
  std::map<std::string, std::string> rows;
  for (const auto& key : keys) rows.insert(cluster.rows.extract(key));
  mesh_.note(cluster.name + " goes without " + std::to_string(keys.size()) + " endpoints");
  mesh_.list(n, few ? Listing::relist : Listing::change);
  later(mesh_.seconds(2, 20), n, [this, n, rows](Cluster& again) {
    again.rows.insert(rows.begin(), rows.end());
    mesh_.list(n, Listing::change);
  });
}

}  // namespace sim
