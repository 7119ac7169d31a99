// Going from state to state comes to the same as decoding each whole, and leaves alone what has not
// changed.
#include "discovery/origin_services.hpp"

#include <algorithm>
#include <map>

#include "base/random.hpp"

#include <catch2/catch.hpp>

using namespace discovery;

namespace {

constexpr std::size_t kServices = 3, kEndpoints = 40;

RowValue endpoint(std::size_t service, std::size_t number, std::uint32_t weight) {
  EndpointRow row{"shop", "web" + std::to_string(service), std::to_string(number), {}};
  // Some share an address, and two services may.
  row.ip = base::IpAddress::v4(0x0a000000u + static_cast<std::uint32_t>(number / 2));
  row.traits.ports = {{"http", static_cast<std::uint16_t>(8000 + number % 3)}};
  row.weight = weight;
  return row;
}

RowValue service_row(std::size_t number, base::Random& random) {
  ServiceRow row{"shop",
                 "web" + std::to_string(number),
                 {{"edition", std::to_string(random.below(3))}},
                 {},
                 random.chance(0.5)};
  if (random.chance(0.3)) row.external = {"e" + std::to_string(random.below(2)), {}};
  return row;
}

struct Origin {
  OriginPublication state;
  std::uint64_t version = 0;

  Origin() { state.id = {"west", 0}; }
  void write(const RowValue& value) {
    auto [key, bytes] = encode(value);
    put({std::move(key), 0, std::move(bytes), false});
  }
  void put(Row row) {
    row.version = ++version;
    state.rows = state.rows.with(std::span(&row, 1));
    state.stamp = {1, version};
  }
  void remove(std::string key) { put({std::move(key), 0, {}, true}); }

  void change(base::Random& random) {
    const auto service = random.below(kServices), number = random.below(kEndpoints);
    const auto name = "shop/web" + std::to_string(service);
    switch (random.below(8)) {
      case 0:
        return write(service_row(service, random));
      case 1:
        return remove("s/" + name);
      case 2:
        return remove("e/" + name + "/" + std::to_string(number));
      case 3:
        return put({"e/" + name + "/" + std::to_string(number), 0, "\xff\xff", false});
      case 4: {
        DestinationRow row;
        row.destination.metadata.namespace_ = "shop";
        row.destination.metadata.name = "d" + std::to_string(number % 3);
        row.destination.hosts = {"d" + std::to_string(random.below(5)) + ".example"};
        return write(row);
      }
      case 5:
        return random.chance(0.2) ? write(AgentRow{"", "", {"r", "z", ""}, {}})
                                  : remove("d/shop/d" + std::to_string(number % 3));
      default:
        return write(endpoint(service, number, 1 + static_cast<std::uint32_t>(random.below(3))));
    }
  }
};

std::string describe(const view::Service& service) {
  auto text = service.namespace_ + "/" + service.name + (service.headless ? " headless" : "") +
              (service.external ? " of " + service.external->name : "");
  for (const auto& [key, value] : service.labels) text += " " + key + "=" + value;
  for (const auto& endpoint : service.endpoints)
    text += "\n  " + endpoint.ip.to_string() + ":" +
            std::to_string(endpoint.traits->ports[0].number) + " " +
            std::to_string(endpoint.weight) + " " + endpoint.traits->locality.region +
            (endpoint.path_failed ? " failed" : "");
  return text;
}

std::string describe(const OriginServices& origin) {
  std::string text = std::to_string(origin.undecodable) + " " + origin.agent.locality.region;
  for (const auto& service : origin.services) text += "\n" + describe(*service);
  for (const auto& destination : origin.destinations)
    text += "\n" + destination->metadata.name + " " + destination->hosts.front();
  return text;
}

}  // namespace

TEST_CASE("from state to state is the same as each state alone", "[discovery]") {
  base::Random random(5);
  Origin origin;
  OriginDecoder decoder;
  for (int step = 0; step < 2'000; ++step) {
    for (auto changes = random.below(4); changes > 0; --changes) origin.change(random);
    if (random.chance(0.05)) {
      origin.state.path_failed.clear();
      if (random.chance(0.5)) origin.state.path_failed = {{base::IpAddress::v4(0x0a000003u), 8000}};
    }
    const auto services = decoder.decode(origin.state);
    REQUIRE(describe(*services) == describe(*decode_origin(origin.state)));
  }
}

TEST_CASE("a change leaves other services and definitions the same objects", "[discovery]") {
  Origin origin;
  for (std::size_t service = 0; service < kServices; ++service)
    for (std::size_t n = 0; n < kEndpoints; ++n) origin.write(endpoint(service, n, 1));
  DestinationRow definition;
  definition.destination.metadata = {};
  definition.destination.metadata.namespace_ = "shop";
  definition.destination.metadata.name = "all";
  definition.destination.hosts = {"all.example"};
  origin.write(definition);
  OriginDecoder decoder;
  const auto before = decoder.decode(origin.state);
  CHECK(decoder.decode(origin.state) == before);
  origin.write(endpoint(1, 7, 9));
  const auto after = decoder.decode(origin.state);
  REQUIRE(after->services.size() == kServices);
  CHECK(after->services[0] == before->services[0]);
  CHECK(after->services[1] != before->services[1]);
  CHECK(after->services[2] == before->services[2]);
  CHECK(after->destinations[0] == before->destinations[0]);
  CHECK(std::ranges::count(before->services[1]->endpoints, 9u, &view::Endpoint::weight) == 0);
  CHECK(std::ranges::count(after->services[1]->endpoints, 9u, &view::Endpoint::weight) == 1);
}
