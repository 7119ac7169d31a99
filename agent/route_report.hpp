// `nearmost route` and /api/v1/route as JSON: the route that a request takes, and why not the
// earlier ones.
//
// Thread: a pure function.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "forwarder/table.hpp"

namespace agent {

// A request as a client such as curl would send it to the forwarder's address.
struct AskedRoute {
  std::string_view method = "GET";
  std::string_view url{};      // absolute: "http://reviews.mesh.internal:9080/reviews/1?x=y"
  std::string_view headers{};  // lines of "name: value"; a Host takes the place of the URL's
  std::string_view from{};     // the caller's address; "" = 127.0.0.1
  base::TimePoint now = base::TimePoint::max();  // for who warms up
};

// What cannot be asked, or what the forwarder would refuse, gives an object with "error".
nlohmann::ordered_json report_route(const forwarder::Table& table, const AskedRoute& asked);

}  // namespace agent
