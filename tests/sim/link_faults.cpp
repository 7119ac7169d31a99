#include "tests/sim/link_faults.hpp"

#include <string>

namespace sim {

discovery::LinkId LinkFaults::any_link() {
  const auto links = mesh_.links(false);
  return links.empty() ? 0 : links[mesh_.random().below(links.size())];
}

void LinkFaults::black_hole() {
  const auto link = any_link();
  mesh_.note("link " + std::to_string(link) + " swallows frames");
  mesh_.swallow(link, mesh_.random().below(2));
  mesh_.after(mesh_.seconds(1, 25), [this, link] { mesh_.reset(link); });
}

// Blocks the ways from one side to the other, for gossip or also for `data`; links across break at
// once or only fall silent.
void LinkFaults::cut(const Ways& ways, bool data, base::Duration time) {
  const bool broken = mesh_.random().chance(0.4);
  std::vector<discovery::LinkId> across;
  for (const auto& [from, to] : ways) {
    mesh_.block(from, to, 1);
    if (data) mesh_.block_data(from, to, 1);
    for (auto& [id, wire] : mesh_.wires()) {
      const bool forth = wire.from == from && wire.to == to,
                 back = wire.from == to && wire.to == from;
      if (!forth && !back) continue;
      wire.ways[forth ? 0 : 1].hole = true;
      across.push_back(id);
    }
  }
  if (broken)
    for (const auto id : across) mesh_.reset(id);
  mesh_.after(time, [this, ways, data, across] {
    for (const auto& [from, to] : ways) {
      mesh_.block(from, to, -1);
      if (data) mesh_.block_data(from, to, -1);
    }
    for (const auto id : across) mesh_.after(mesh_.seconds(0, 3), [this, id] { mesh_.reset(id); });
  });
}

void LinkFaults::partition() {
  Ways ways;
  std::vector<bool> side(mesh_.agents());
  std::string line = "partition:";
  for (std::size_t n = 0; n < side.size(); ++n) {
    side[n] = mesh_.random().chance(0.5);
    if (side[n]) line += " " + mesh_.clusters()[n].name;
  }
  for (std::size_t a = 0; a < side.size(); ++a)
    for (std::size_t b = 0; b < side.size(); ++b)
      if (side[a] != side[b]) ways.emplace_back(a, b);
  mesh_.note(line);
  const bool data = mesh_.random().chance(0.5);
  cut(ways, data, mesh_.seconds(1, 40));
}

void LinkFaults::one_way() {
  const auto a = mesh_.any(), b = mesh_.any();
  if (a == b) return;
  mesh_.note("nothing gets from " + mesh_.clusters()[a].name + " to " + mesh_.clusters()[b].name);
  const bool data = mesh_.random().chance(0.5);
  cut({{a, b}}, data, mesh_.seconds(1, 40));
}

void LinkFaults::pair() {
  const auto a = mesh_.any(), b = mesh_.any();
  if (a == b) return;
  mesh_.note("no way joins " + mesh_.clusters()[a].name + " and " + mesh_.clusters()[b].name);
  cut({{a, b}, {b, a}}, true, mesh_.seconds(10, 60));
}

void LinkFaults::latency_spike() {
  const auto link = any_link();
  const auto at = mesh_.wires().find(link);
  if (at == mesh_.wires().end()) return;
  const auto more = mesh_.seconds(0.2, 4);
  mesh_.note("link " + std::to_string(link) + " takes " + base::to_string(more) + " longer");
  at->second.delay += more;
  mesh_.after(mesh_.seconds(0.5, 15), [this, link, more] {
    const auto again = mesh_.wires().find(link);
    if (again == mesh_.wires().end()) return;
    again->second.delay -= more;
    again->second.rough_at = mesh_.now();  // what was sent meanwhile is still under way
  });
}

void LinkFaults::loss() {
  const auto link = any_link();
  const auto at = mesh_.wires().find(link);
  if (at == mesh_.wires().end()) return;
  mesh_.note("link " + std::to_string(link) + " loses packets");
  at->second.loss = 0.02 + 0.28 * mesh_.random().unit();
  mesh_.after(mesh_.seconds(5, 40), [this, link] {
    const auto again = mesh_.wires().find(link);
    if (again == mesh_.wires().end()) return;
    again->second.loss = 0;
    again->second.rough_at = mesh_.now();
  });
}

void LinkFaults::slow_reader() {
  const auto n = mesh_.any();
  mesh_.note(mesh_.clusters()[n].name + " reads slowly");
  mesh_.slow_reader[n] = mesh_.seconds(0.05, 0.6);
  mesh_.after(mesh_.seconds(5, 20), [this, n] { mesh_.slow_reader[n] = {}; });
}

void LinkFaults::second_link() {
  const auto a = mesh_.any(), b = mesh_.any();
  if (a == b) return;
  mesh_.note(mesh_.clusters()[a].name + " dials " + mesh_.clusters()[b].name + " again");
  mesh_.dial(a, b);
}

}  // namespace sim
