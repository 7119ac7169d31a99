// Requests to ask published tables with: those that each matcher of each route takes, and what is
// next to them. Thread: pure.
#pragma once

#include <vector>

#include "tests/unit/forwarder/published/linear_routes.hpp"
#include "tests/unit/forwarder/published/made_up_mesh.hpp"

namespace published {

// Each once. Callers point into the mesh.
std::vector<linear::Asked> derived_requests(const Scene& scene, const linear::Routes& routes,
                                            const Mesh& mesh);

}  // namespace published
