// What goes wrong between agents: links and the ways under them.
#pragma once

#include <utility>
#include <vector>

#include "tests/sim/mesh.hpp"

namespace sim {

class LinkFaults {
 public:
  explicit LinkFaults(Mesh& mesh) : mesh_(mesh) {}

  void reset() { mesh_.reset(any_link()); }
  void replay() { mesh_.replay_after_reconnect(any_link()); }  // what was read comes once more
  void second_link();
  void black_hole();
  void partition();
  void one_way();
  void pair();  // two that neither hear nor reach each other, whoever joins them
  void latency_spike();
  void loss();
  void slow_reader();

 private:
  using Ways = std::vector<std::pair<std::size_t, std::size_t>>;
  void cut(const Ways& ways, bool data, base::Duration time);
  discovery::LinkId any_link();

  Mesh& mesh_;
};

}  // namespace sim
