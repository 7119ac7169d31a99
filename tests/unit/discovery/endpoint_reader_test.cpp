// An endpoint is read where its row decodes, and says the same.
#include "discovery/endpoint_reader.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"

using namespace discovery;

namespace {

EndpointRow random_row(base::Random& random) {
  const auto number = random.below(200);
  EndpointRow row{"shop", "web" + std::to_string(random.below(3)), std::to_string(number)};
  row.ip = base::IpAddress::v4(0x0a000000u + static_cast<std::uint32_t>(number));
  if (random.chance(0.5)) row.id = row.ip.to_string();
  row.health = static_cast<view::Health>(random.below(3));
  row.weight = static_cast<std::uint32_t>(random.below(3));
  if (random.chance(0.8)) row.traits.ports = {{"http", 8080}};
  row.traits.locality = {"r" + std::to_string(random.below(2)), random.chance(0.5) ? "r1a" : "",
                         ""};
  if (random.chance(0.2)) row.traits.locality = {};
  if (random.chance(0.1)) row.traits.labels["v"] = std::to_string(random.below(2));
  if (random.chance(0.1)) row.traits.hostname = "pod-" + std::to_string(number);
  return row;
}

}  // namespace

TEST_CASE("an endpoint is read where its row decodes, and says the same") {
  base::Random random(4);
  EndpointReader reader("west", {"r9", "r9b", ""});
  std::size_t read_rows = 0;
  for (int n = 0; n < 20'000; ++n) {
    auto [key, value] = encode(RowValue(random_row(random)));
    if (random.chance(0.3)) {
      auto& bent = random.chance(0.3) ? key : value;
      if (!bent.empty()) bent[random.below(bent.size())] = static_cast<char>(random.next());
    }
    const auto decoded = decode(key, value);
    const auto* row = decoded ? std::get_if<EndpointRow>(&*decoded) : nullptr;
    const auto read = reader.read({key, value, 1});
    REQUIRE(read.has_value() == (row != nullptr));
    if (!row) continue;
    ++read_rows;
    CHECK(read->namespace_ == row->namespace_);
    CHECK(read->service == row->service);
    const auto& endpoint = read->endpoint;
    CHECK(endpoint.ip == row->ip);
    CHECK(endpoint.health == row->health);
    CHECK(endpoint.weight == row->weight);
    CHECK(endpoint.traits->cluster == "west");
    CHECK(endpoint.traits->hostname == row->traits.hostname);
    CHECK(endpoint.traits->ports == row->traits.ports);
    CHECK(endpoint.traits->labels == row->traits.labels);
    auto at = row->traits.locality;
    if (at.region.empty()) at.region = "r9";
    if (at.zone.empty() && at.region == "r9") at.zone = "r9b";
    CHECK(endpoint.traits->locality == at);
    if (random.chance(0.01)) reader.sweep();
  }
  CHECK(read_rows > 10'000);
}

TEST_CASE("endpoints that are alike share what they have in common, until none has it") {
  EndpointReader reader("west", {});
  const auto read = [&](std::string id, std::string label) {
    EndpointRow row{"shop", "web", id, *base::IpAddress::parse(id)};
    row.traits.labels["v"] = std::move(label);
    const auto [key, value] = encode(RowValue(row));
    return reader.read({key, value, 1})->endpoint.traits;
  };
  const auto first = read("10.0.0.1", "1");
  CHECK(read("10.0.0.2", "1") == first);
  CHECK(read("10.0.0.3", "2") != first);
  std::weak_ptr<const view::Traits> gone = read("10.0.0.4", "3");
  for (int n = 0; n < 100; ++n) read("10.0.0.5", "many" + std::to_string(n));
  reader.sweep();
  CHECK(gone.expired());
  CHECK(read("10.0.0.6", "1") == first);
}
