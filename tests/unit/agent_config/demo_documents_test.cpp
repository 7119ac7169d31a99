#include "agent/demo/documents.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

namespace {

std::string told(const resources::Problems& problems) {
  std::string out;
  for (const auto& problem : problems) out += problem.to_string() + "\n";
  return out;
}

}  // namespace

TEST_CASE("the demo's documents load without a word", "[demo]") {
  for (const auto* cluster : {"east", "west", "eu"}) {
    const auto files = agent::demo::documents(cluster);
    REQUIRE(files.size() == 2);
    const auto loaded = resources::load(files);
    INFO(cluster);
    CHECK(told(loaded.problems) == "");
    CHECK(loaded.documents.route_tables.size() == 4);
  }
}

TEST_CASE("west alone defines the mesh's names and runs no details", "[demo]") {
  const auto west = resources::load(agent::demo::documents("west")).documents;
  const auto east = resources::load(agent::demo::documents("east")).documents;
  CHECK(west.virtual_destinations.size() == 4);
  CHECK(east.virtual_destinations.size() == 1);
  const auto runs_details = [](const resources::Documents& documents) {
    return std::ranges::any_of(documents.static_services,
                               [](const auto& s) { return s.metadata.name == "details"; });
  };
  CHECK(runs_details(east));
  CHECK_FALSE(runs_details(west));
}

TEST_CASE("no address of the demo is used twice", "[demo]") {
  std::set<base::IpAddress> addresses;
  for (const auto* cluster : {"east", "west", "eu"}) {
    for (const auto& service :
         resources::load(agent::demo::documents(cluster)).documents.static_services) {
      for (const auto& endpoint : service.endpoints) CHECK(addresses.insert(endpoint.ip).second);
    }
  }
  CHECK(addresses.size() == 20);
}
