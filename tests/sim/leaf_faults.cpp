#include "tests/sim/leaf_faults.hpp"

#include "tests/sim/weather.hpp"

namespace sim {

using discovery::LinkId;

base::Duration LeafFaults::seconds(double low, double high) {
  return base::Duration(static_cast<std::int64_t>((low + (high - low) * random_.unit()) * 1e9));
}

void LeafFaults::brew() {
  const auto faults = 3 + random_.below(6);
  for (std::size_t n = 0; n < faults; ++n) mesh_.after(seconds(5, 195), [this] { strike(); });
}

void LeafFaults::strike() {
  ++mesh_.faults;
  const auto leaf = mesh_.agents() + random_.below(mesh_.clusters().size() - mesh_.agents());
  const auto links = mesh_.links(true);
  switch (random_.below(6)) {
    case 0:
      return mesh_.pause(leaf, std::min(seconds(1, 20), kCalm - mesh_.elapsed()));
    case 1:
    case 2:
      return crash(leaf);
    case 3:
      return cut(leaf);
    default:
      if (!links.empty()) break_link(links[random_.below(links.size())]);
  }
}

void LeafFaults::crash(std::size_t leaf) {
  mesh_.kill(leaf);
  const auto luck = random_.below(10);
  if (luck < 2) mesh_.lose_disk(leaf);
  if (luck == 2) mesh_.put_older_disk(leaf);
  if (luck == 3) mesh_.corrupt_disk(leaf);
  mesh_.after(seconds(0.1, 10), [this, leaf] { mesh_.start(leaf); });
}

// From one of its homes.
void LeafFaults::cut(std::size_t leaf) {
  const auto& homes = mesh_.clusters()[leaf].homes;
  const auto home = homes[random_.below(homes.size())];
  const bool both = random_.chance(0.5);
  mesh_.note(mesh_.clusters()[leaf].name + " and " + mesh_.clusters()[home].name + " are cut off");
  const auto block = [this, leaf, home, both](int by) {
    mesh_.block(home, leaf, by);
    if (both) mesh_.block(leaf, home, by);
  };
  block(1);
  std::vector<LinkId> across;
  for (auto& [id, wire] : mesh_.wires()) {
    if (wire.from != leaf || wire.to != home) continue;
    wire.ways[1].hole = true;
    wire.ways[0].hole |= both;
    across.push_back(id);
  }
  mesh_.after(seconds(1, 30), [this, block, across] {
    block(-1);
    for (const auto id : across) mesh_.reset(id);
  });
}

void LeafFaults::break_link(LinkId link) {
  auto& wire = mesh_.wires().at(link);
  const auto trouble = random_.below(4);
  mesh_.note("trouble " + std::to_string(trouble) + " on link " + std::to_string(link));
  if (trouble == 0) return mesh_.reset(link);
  if (trouble == 1) {
    mesh_.swallow(link, random_.below(2));
    mesh_.after(seconds(1, 25), [this, link] { mesh_.reset(link); });
    return;
  }
  const auto more = trouble == 2 ? seconds(0.2, 4) : base::Duration::zero();
  if (trouble == 3) wire.loss = 0.02 + 0.28 * random_.unit();
  wire.delay += more;
  mesh_.after(seconds(0.5, 20), [this, link, more] {
    const auto at = mesh_.wires().find(link);
    if (at == mesh_.wires().end()) return;
    at->second.delay -= more;
    at->second.loss = 0;
  });
}

}  // namespace sim
