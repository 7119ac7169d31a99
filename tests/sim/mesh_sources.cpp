// What the sources of the clusters say, and when their agents hear of it.
#include "discovery/row.hpp"
#include "discovery/row_changes.hpp"
#include "tests/sim/mesh.hpp"

namespace sim {

using namespace std::chrono_literals;

Contents Mesh::contents(const Cluster& cluster) const {
  auto said = cluster.rows;
  if (cluster.stuck) {
    const auto row = encode(discovery::RowValue(discovery::StuckRow{kStuck}));
    said[row.key] = row.value;
  }
  return said;
}

std::vector<std::size_t> Mesh::siblings(std::size_t n) const {
  std::vector<std::size_t> found;
  for (std::size_t other = 0; other < clusters_.size(); ++other)
    if (clusters_[other].home == clusters_[n].home) found.push_back(other);
  return found;
}

std::vector<discovery::EncodedRow> Mesh::encoded(const Cluster& cluster) const {
  std::vector<discovery::EncodedRow> rows;
  for (const auto& [key, value] : cluster.rows)
    if (!cluster.unlisted.contains(key)) rows.push_back({key, value});
  return rows;
}

void Mesh::keep_changing(std::size_t n, std::uint64_t life) {
  after(between(50, 4000), [this, n, life] {
    if (!is_life(n, life)) return;
    if (changing && awake(n)) change_rows(n, 1 + random_.below(4));
    if (random_.chance(0.3))  // within the time in which changes are put together
      after(5ms, [this, n] {
        if (changing && awake(n)) change_rows(n, 1);
      });
    keep_changing(n, life);
  });
}

void Mesh::change_rows(std::size_t n, std::size_t count) {
  if (is_leaf(n)) return;
  auto& source = clusters_[clusters_[n].home].source;
  for (std::size_t at = 0; at < count; ++at) {
    const auto key = "x/" + std::to_string(random_.below(kMaxRows));
    if (clusters_[n].unlisted.contains(key)) continue;  // its source does not know that it had it
    if (random_.chance(0.4))
      source.erase(key);
    else
      source[key] = std::to_string(random_.next() >> 40);
  }
  truth_.source_says(now_, clusters_[n].home, source);
  read_source(n);
  for (const auto other : siblings(n))
    if (other != n) after(between(0, 300), [this, other] { read_source(other); });
}

void Mesh::read_source(std::size_t n) {
  auto& cluster = clusters_[n];
  if (cluster.stuck) return;
  if (cluster.process && cluster.process->paused_until > now_) {
    after(cluster.process->paused_until - now_, [this, n] { read_source(n); });
    return;
  }
  cluster.rows = clusters_[cluster.home].source;
  list(n, discovery::Listing::change);
}

void Mesh::list(std::size_t n, discovery::Listing listing) {
  auto& cluster = clusters_[n];
  if (!has_siblings(n)) cluster.source = cluster.rows;
  if (!cluster.process) return;
  if (listing == discovery::Listing::change) return say_changes(n);
  cluster.process->listed = encoded(cluster);
  act(n,
      cluster.process->node->replace_local(clock_of(n), "files", cluster.process->listed, listing));
}

// As the builder does: by what is new since it said something last.
void Mesh::say_changes(std::size_t n) {
  auto& process = *clusters_[n].process;
  auto rows = encoded(clusters_[n]);
  auto changes = discovery::changes_between(process.listed, rows);
  process.listed = std::move(rows);
  act(n, process.node->change_local(clock_of(n), "files", std::move(changes)));
}

// What will not come back is withdrawn when its hold is over, neither sooner nor much later.
void Mesh::look_for_gone(std::size_t n) {
  auto& cluster = clusters_[n];
  if (cluster.gone.empty()) return;
  const auto publication = cluster.process->node->publication(clock_of(n));
  for (const auto& origin : publication->origins) {
    if (!origin.local) continue;
    std::erase_if(cluster.gone, [&](const auto& gone) {
      const auto& [key, when] = gone;
      const bool shown = origin.rows.find(key).has_value();
      if (shown ? now_ > when.latest : now_ < when.earliest)
        truth_.violated(cluster.name + (shown ? " still holds " : " lets go too soon of ") + key);
      if (!shown) cluster.rows.erase(key), cluster.source.erase(key), cluster.unlisted.erase(key);
      return !shown;
    });
  }
}

void Mesh::get_stuck(std::size_t n, base::Duration time) {
  auto& cluster = clusters_[n];
  if (cluster.stuck) return;
  note("the source of " + cluster.name + " is stuck");
  cluster.stuck = true;
  if (cluster.process) act(n, cluster.process->node->source_stuck(clock_of(n), kStuck));
  after(time, [this, n] {
    auto& its = clusters_[n];
    its.rows = clusters_[its.home].source;
    if (its.process) say_changes(n);
    its.stuck = false;
    its.true_since = now_;
    if (its.process) act(n, its.process->node->source_stuck(clock_of(n), ""));
  });
}

}  // namespace sim
