// A mesh made up around tables: every service, virtual destination, external service, gateway and
// workload that they name is there. All is plain HTTP; gateways listen on port 80.
#pragma once

#include <string>
#include <vector>

#include "forwarder/compile.hpp"
#include "tests/unit/forwarder/published/linear_routes.hpp"
#include "tests/unit/forwarder/published/tables.hpp"

namespace published {

struct Mesh {
  forwarder::Compiled compiled;
  // One that each table with selectors selects, one that none does; none where nobody has any.
  std::vector<linear::Caller> selected, strangers;
};

Mesh made_up_mesh(const Scene& scene);

// What the destination is called there, with the port: "reviews.shop.service:9080".
std::string upstream_of(const resources::DestinationRef& ref, const std::string& home);

}  // namespace published
