// What is fetched ahead does not show in answers: here it is counted which hosts it comes to, and
// led over all that a query's bytes can be, for the sanitizers to see.
#include "dns/fetch_ahead.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "tests/unit/dns/mesh.hpp"
#include "tests/unit/dns/reading.hpp"

namespace {

std::string host(int n) { return "h" + std::to_string(n) + ".mesh.internal"; }

std::unique_ptr<const dns::Table> table_of(int hosts) {
  mesh::Mesh mesh;
  for (int n = 0; n < hosts; ++n) mesh.add(mesh::TestHost{host(n), {{1, {{"10.0.0.1"}}}}});
  return mesh.table();
}

std::size_t hosts_of(const dns::Table& table, const std::vector<std::string>& names) {
  dns::FetchAhead ahead(table);
  for (const auto& name : names) ahead.add(reading::make({.name = name}));
  return ahead.fetch();
}

}  // namespace

TEST_CASE("the hosts of a batch are fetched ahead where they are many") {
  const auto table = table_of(10'000);
  CHECK(dns::FetchAhead::is_worth_it(*table));
  CHECK_FALSE(dns::FetchAhead::is_worth_it(*table_of(100)));
  CHECK(hosts_of(*table, {host(0), host(9'999), "_http._tcp." + host(5), "H7.Mesh.Internal"}) == 4);
  CHECK(hosts_of(*table, {"mesh.internal", host(10'000), "example.com", ""}) == 0);
  CHECK(hosts_of(*table, std::vector<std::string>(100, host(1))) == dns::FetchAhead::kMost);
}

TEST_CASE("a name is found alike with steps to it, to another and with none") {
  const auto table = table_of(10'000);
  const std::vector<std::string> names{
      host(0),         "_http._tcp." + host(5), "h.mesh.internal",     "x." + host(7),
      "mesh.internal", "example.com",           "_explain." + host(9), ""};
  dns::FetchAhead ahead(*table);
  for (const auto& name : names) ahead.add(reading::make({.name = name}));
  ahead.add({});
  ahead.fetch();
  CHECK(ahead.steps(0));
  CHECK_FALSE(ahead.steps(names.size() + 1));
  for (const auto& name : names) {
    const auto asked = dns::Name::parse(name).value();
    const auto found = table->find(asked);
    for (std::size_t n = 0; n <= names.size(); ++n) {
      const auto same = table->find(asked, ahead.steps(n));
      CHECK((same.host == found.host && same.exists == found.exists && same.zone == found.zone));
      CHECK((same.apex == found.apex && same.name.kind == found.name.kind));
    }
  }
}

TEST_CASE("whatever a query's bytes are, nothing behind them is read") {
  const auto table = table_of(100);
  base::Random random(1);
  const auto whole = reading::make({.name = "_http._tcp." + host(7)});
  for (int round = 0; round < 2'000; ++round) {
    auto bytes = whole;
    bytes.resize(random.below(bytes.size() + 1));
    bytes.shrink_to_fit();
    for (auto flips = random.below(4); flips > 0 && !bytes.empty(); --flips)
      bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.below(256));
    dns::FetchAhead ahead(*table);
    ahead.add(bytes);
    CHECK(ahead.fetch() <= 1);
  }
}
