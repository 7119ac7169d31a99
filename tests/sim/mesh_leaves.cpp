// Leaves of the agents of a mesh.
#include <algorithm>

#include "tests/sim/mesh.hpp"

namespace sim {
namespace {

constexpr std::size_t kMostSkew = 8'760;  // hours

}  // namespace

// With one home or two: of a cluster with several agents its two are of it, of others the second
// passes for a replica of the first (disguise).
void Mesh::add_leaf(std::size_t number) {
  const auto n = clusters_.size();
  Cluster leaf;
  leaf.id = {"leaf" + std::to_string(number), 0};
  leaf.name = leaf.id.to_string();
  leaf.home = n;
  leaf.keeps_disk = leaf_random_.chance(0.8);
  const auto first = leaf_random_.below(agents_), second = leaf_random_.below(agents_);
  leaf.homes.push_back(first);
  auto others = siblings(first);
  std::erase(others, first);
  if (!others.empty())
    leaf.homes.push_back(others[second % others.size()]);
  else if (second != first)
    leaf.homes.push_back(second);
  for (const auto home : leaf.homes) {
    peers_.insert({n, home});
    after(between(leaf_random_, 0, 3500), [this, n, home] { keep_dialling(n, home); });
  }
  after(between(leaf_random_, 0, 3000), [this, n] { start(n); });
  clusters_.push_back(std::move(leaf));
}

void Mesh::start_leaf(std::size_t n) {
  auto& leaf = clusters_[n];
  auto& process = leaf.process.emplace();
  process.life = ++next_leaf_life_;
  process.skew = std::chrono::hours(leaf_random_.below(kMostSkew));
  discovery::NodeConfig config;
  config.self = {clusters_[leaf.homes.front()].id.cluster, 0};
  config.instance[0] = static_cast<std::uint8_t>(process.life);
  process.node = std::make_unique<discovery::Leaf>(config, leaf_random_.fork(), clock_of(n));
  truth_.born(n, leaf.keeps_disk);
  note(leaf.name + " starts");
  restore(n);
  act(n, process.node->local_ready(clock_of(n)));
}

// A leaf knows its homes by their place in the mesh.
void Mesh::disguise(std::size_t from, std::size_t to, discovery::Frame& frame) const {
  auto* hello = std::get_if<discovery::Hello>(&frame);
  if (!hello) return;
  if (is_leaf(from)) hello->self = {clusters_[to].id.cluster, 0};
  if (is_leaf(to))
    hello->self = {clusters_[clusters_[to].homes.front()].id.cluster,
                   static_cast<std::uint32_t>(from)};
}

void Mesh::check_leaves() {
  for (auto n = agents_; n < clusters_.size(); ++n) {
    if (!awake(n)) continue;
    auto& node = *clusters_[n].process->node;
    const auto home = node.home(clock_of(n));
    if (!home || !awake(home->origin.replica)) continue;
    const auto its = home->origin.replica;
    truth_.follows(now_, n, *node.publication(clock_of(n)), its,
                   *clusters_[its].process->node->publication(clock_of(its)));
  }
}

std::vector<discovery::LinkId> Mesh::links(bool of_leaves) const {
  std::vector<discovery::LinkId> found;
  for (const auto& [id, wire] : wires_)
    if (is_leaf(wire.from) == of_leaves) found.push_back(id);
  return found;
}

}  // namespace sim
