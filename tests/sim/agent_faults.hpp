// What goes wrong with agents, their disks, their clusters, and what they have to say.
#pragma once

#include <optional>

#include "tests/sim/mesh.hpp"

namespace sim {

class AgentFaults {
 public:
  explicit AgentFaults(Mesh& mesh) : mesh_(mesh) {}

  void crash();
  void crash_of_cluster();  // with its endpoints
  void mass_restart();      // of half of the agents up to all
  void goodbye();
  void stall();
  void endpoints_die();
  void burst();
  void get_stuck();  // one of several agents of a cluster
  void roll();       // all of them, one after the other
  void noise() { noise(mesh_.any(), mesh_.seconds(1, 3)); }
  void noise(std::size_t cluster, base::Duration time);  // thousands of changes

 private:
  std::optional<std::size_t> any_with_siblings();
  void come_back(std::size_t cluster, base::Duration time);

  Mesh& mesh_;
};

}  // namespace sim
