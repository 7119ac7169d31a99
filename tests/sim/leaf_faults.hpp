// What befalls leaves and their links.
#pragma once

#include "tests/sim/mesh.hpp"

namespace sim {

class LeafFaults {
 public:
  explicit LeafFaults(Mesh& mesh) : mesh_(mesh), random_(mesh.leaf_random().fork()) {}

  void brew();  // all of a run
  void strike();

 private:
  base::Duration seconds(double low, double high);
  void crash(std::size_t leaf);
  void cut(std::size_t leaf);
  void break_link(discovery::LinkId link);

  Mesh& mesh_;
  base::Random random_;
};

}  // namespace sim
