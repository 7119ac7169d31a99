// What goes wrong with what a source says of its cluster, and what only looks like it.
#pragma once

#include "tests/sim/mesh.hpp"

namespace sim {

class SourceFaults {
 public:
  explicit SourceFaults(Mesh& mesh) : mesh_(mesh) {}

  void misread();     // a relist misses most, and another one finds it
  void lose();        // a relist misses most, which is really gone
  void scale_down();  // the source sees endpoints go, or a relist misses some: no reason to doubt

 private:
  std::size_t most_of(std::size_t cluster);
  void later(base::Duration time, std::size_t cluster, std::function<void(Cluster&)> what);

  Mesh& mesh_;
};

}  // namespace sim
