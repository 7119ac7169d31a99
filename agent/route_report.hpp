// `nearmost route` and /api/v1/route as JSON: the route that a request takes, and why not the
// earlier ones.
//
// Thread: a pure function.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "forwarder/table.hpp"

namespace agent {

// `url` is absolute: "http://reviews.mesh.internal:9080/reviews/1?x=y"; `headers` are lines of
// "name: value". A request that the forwarder would refuse gives an object with "error".
nlohmann::ordered_json report_route(const forwarder::Table& table, std::string_view method,
                                    std::string_view url, std::string_view headers);

}  // namespace agent
