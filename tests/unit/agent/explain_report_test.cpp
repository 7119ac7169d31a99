// What is explained, from agent.yaml and documents on: by the name with a place in it, by where the
// caller is, and as DNS answers that caller.
#include "agent/explain_report.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "agent/local_rows.hpp"
#include "agent/settings.hpp"
#include "discovery/assemble.hpp"
#include "dns/responder.hpp"
#include "dns/table_builder.hpp"

#include <catch2/catch.hpp>

using agent::Json;
using Catch::Matchers::Contains;
using Strings = std::vector<std::string>;

namespace {

const std::string kConfig = R"(cluster: east
locality: {region: us, zone: us-1a}
dns:
  localities:
    10.1.0.0/16: {region: us, zone: us-1b}
    10.1.9.0/24: {region: eu, zone: eu-1a}
    fd00::/16: {region: us, zone: us-1b}
)";
const std::string kEast = R"(service: ratings
port: 9080
endpoints:
- {address: 10.0.0.1, region: us, zone: us-1a}
- {address: 10.0.0.2, region: us, zone: us-1b}
---
apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: door}
spec:
  hosts: [door.mesh.internal]
  services: [{name: ratings}]
  ports: [{number: 80, protocol: HTTP, targetPort: {number: 9080}}]
---
apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: wild}
spec:
  hosts: ["*.wild.mesh.internal", exact.wild.mesh.internal]
  services: [{name: ratings}]
  ports: [{number: 9080, protocol: TCP}]
)";
const std::string kWest = R"(service: ratings
port: 9080
endpoints: [{address: 10.2.0.1, region: eu, zone: eu-1a}]
)";
const std::string kHost = "ratings.default.mesh.internal";

discovery::OriginPublication origin(const agent::Config& config, const std::string& cluster,
                                    const std::string& documents) {
  const auto loaded = resources::load({{cluster + ".yaml", documents}});
  auto made = agent::LocalRows().update(loaded.documents, agent::Role::agent,
                                        agent::export_rule(config), {});
  discovery::OriginPublication origin;
  origin.id = {cluster, 0};
  origin.stamp = {1, 1};
  origin.local = cluster == config.cluster;
  origin.rows = discovery::Rows().with(discovery::changes_at(1, std::move(made.changes)));
  return origin;
}

struct World {
  World() {
    discovery::Publication publication;
    publication.synced = true;
    publication.origins = {origin(config, "east", kEast), origin(config, "west", kWest)};
    const auto view =
        discovery::Assembler().assemble(publication, agent::assembly_rules(config), 1);
    resolution = std::make_shared<const discovery::view::Resolution>(
        discovery::view::resolve(std::move(view)));
    table = dns::TableBuilder().build(resolution, agent::zone_config(config));
  }
  Json explain(const std::string& name, const std::string& from = "") const {
    return agent::explain(*table, name, from);
  }

  agent::Config config = agent::parse_config("agent.yaml", kConfig).config;
  std::shared_ptr<const discovery::view::Resolution> resolution;
  std::unique_ptr<const dns::Table> table;
};

// "tier address", and "- address reason" of those left out.
Strings told(const Json& explained) {
  Strings all;
  if (!explained.contains("tiers")) return {explained.dump()};
  for (const auto& tier : explained.at("tiers"))
    for (const auto& endpoint : tier.at("endpoints"))
      all.push_back(tier.value("tier", "") + " " + endpoint.value("address", ""));
  for (const auto& endpoint : explained.at("leftOut"))
    all.push_back("- " + endpoint.value("address", "") + " " + endpoint.value("reason", ""));
  return all;
}

}  // namespace

TEST_CASE("a name with a place in it is explained as narrowed by it", "[agent]") {
  const World world;
  const auto place = [&](const std::string& labels) { return told(world.explain(labels + kHost)); };
  CHECK(place("") ==
        Strings{"own cluster and zone 10.0.0.1", "own cluster 10.0.0.2", "any 10.2.0.1"});
  CHECK(place("us-1b.pin._zone.") ==
        Strings{"own cluster 10.0.0.2", "- 10.0.0.1 elsewhere", "- 10.2.0.1 elsewhere"});
  CHECK(place("WEST.pin._cluster.") ==
        Strings{"any 10.2.0.1", "- 10.0.0.1 elsewhere", "- 10.0.0.2 elsewhere"});
  CHECK(place("eu.prefer._region.") ==
        Strings{"region eu 10.2.0.1", "own cluster and zone 10.0.0.1", "own cluster 10.0.0.2"});
  CHECK(place("mars.prefer._zone.") == place(""));
  CHECK(place("mars.pin._zone.").size() == 3);
  CHECK(world.explain("mars.pin._zone." + kHost).at("tiers").empty());
  CHECK(world.explain("us-1b.pin._zone." + kHost).at("place") ==
        Json{{"topology", "zone"}, {"name", "us-1b"}, {"how", "pin"}});
  CHECK_FALSE(world.explain(kHost).contains("place"));
  CHECK(world.explain("us-1b.pin._zone." + kHost).at("host") == kHost);
}

TEST_CASE("what stands in front and the part before the zone are understood as well", "[agent]") {
  const World world;
  const auto pinned = told(world.explain("us-1b.pin._zone." + kHost));
  for (const char* name : {"us-1b.pin._zone.ratings.default", "US-1B.Pin._zone.ratings.DEFAULT.",
                           "_http._tcp.us-1b.pin._zone.ratings.default",
                           "_explain.us-1b.pin._zone.ratings.default.mesh.internal"}) {
    INFO(name);
    CHECK(told(world.explain(name)) == pinned);
  }
  CHECK(told(world.explain("_9080._tcp." + kHost)) == told(world.explain(kHost)));
  for (const char* name : {"pin._zone.ratings.default", "us-1b.pins._zone.ratings.default",
                           "a.ratings.default", "a.us-1b.pin._zone.ratings.default",
                           "_http._udp.ratings.default", "us-1b.pin._zone", ".", "", "a..b"}) {
    INFO(name);
    CHECK(world.explain(name).contains("error"));
  }
}

TEST_CASE("what a wildcard stands for is explained as DNS answers it", "[agent]") {
  const World world;
  for (const char* name : {"foo.wild", "a.b.wild.mesh.internal", "*.wild", "_tcp._tcp.foo.wild"}) {
    INFO(name);
    const auto explained = world.explain(name);
    CHECK(explained.value("host", "") == "*.wild.mesh.internal");
    CHECK(told(explained).front() == "own cluster and zone 10.0.0.1");
  }
  CHECK(told(world.explain("us-1b.pin._zone.foo.wild")).front() == "own cluster 10.0.0.2");
  CHECK(world.explain("_tcp.us-1b.pin._zone.foo.wild").contains("error"));  // only names below
  CHECK(world.explain("exact.wild").at("host") == "exact.wild.mesh.internal");
  CHECK(world.explain("foo.exact.wild").contains("error"));
  CHECK(world.explain("foo.other").contains("error"));
}

TEST_CASE("a place behind the forwarder's door is noted to have no records", "[agent]") {
  const World world;
  CHECK_THAT(world.explain("us-1b.pin._zone.door.mesh.internal").value("note", ""),
             Contains("forwarder"));
  CHECK_FALSE(world.explain("door.mesh.internal").contains("note"));
}

TEST_CASE("a caller's address tells where it is, and how that is known", "[agent]") {
  const World world;
  struct Row {
    const char *from, *locality, *how, *first;
  };
  for (const Row& row : {
           Row{"10.1.0.9", "us/us-1b", "in 10.1.0.0/16 of dns.localities",
               "own cluster and zone 10.0.0.2"},
           Row{"10.1.9.9", "eu/eu-1a", "in 10.1.9.0/24 of dns.localities", "own cluster 10.0.0.1"},
           Row{"fd00::9", "us/us-1b", "in fd00::/16 of dns.localities",
               "own cluster and zone 10.0.0.2"},
           Row{"10.0.0.2", "us/us-1b", "an endpoint of this cluster",
               "own cluster and zone 10.0.0.2"},
           Row{"192.0.2.1", "us/us-1a", "where the agent is", "own cluster and zone 10.0.0.1"},
       }) {
    INFO(row.from);
    const auto explained = world.explain(kHost, row.from);
    const auto& caller = explained.at("caller");
    CHECK(caller.at("cluster") == "east");
    CHECK(caller.at("locality") == row.locality);
    CHECK(caller.at("address") == row.from);
    CHECK_THAT(caller.value("how", ""), Contains(row.how));
    CHECK(told(explained).front() == row.first);
  }
  CHECK_FALSE(world.explain(kHost, "east/us/us-1b").at("caller").contains("how"));
  CHECK(told(world.explain(kHost, "east/us/us-1b")) == told(world.explain(kHost, "10.1.0.9")));
  CHECK(told(world.explain("us.pin._region." + kHost, "10.1.0.9")).front() ==
        "own cluster and zone 10.0.0.2");
  CHECK(world.explain(kHost, "10.1.0.0/16/x/y").contains("invalid"));
}

TEST_CASE("DNS tells the same caller the same", "[agent]") {
  const World world;
  base::Random random(1);
  dns::Counters counters;
  for (const char* from : {"10.1.0.9", "10.1.9.9", "fd00::9", "10.0.0.2", "192.0.2.1"})
    for (const std::string place :
         {"", "us-1b.pin._zone.", "eu.prefer._region.", "mars.pin._zone."}) {
      INFO(from << " " << place);
      std::vector<std::uint8_t> message{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
      const auto name = dns::Name::parse("_explain." + place + kHost).value();
      message.insert(message.end(), name.wire().begin(), name.wire().end());
      for (const auto byte : {0, 16, 0, 1}) message.push_back(static_cast<std::uint8_t>(byte));
      const auto size = message.size();
      message.resize(4096);
      message.resize(dns::answer(world.table.get(),
                                 {base::IpAddress::parse(from).value(), dns::Transport::tcp},
                                 message, size, random, counters, nullptr));
      const std::string text(message.begin(), message.end());
      const auto explained = world.explain(place + kHost, from);
      CHECK_THAT(text, Contains("caller: cluster east, " +
                                explained.at("caller").at("locality").get<std::string>()));
      std::size_t number = 0;
      for (const auto& tier : explained.at("tiers")) {
        for (const auto& endpoint : tier.at("endpoints"))
          CHECK_THAT(text, Contains("tier " + std::to_string(number) + ": " +
                                    endpoint.at("address").get<std::string>() + " "));
        ++number;
      }
      for (const auto& endpoint : explained.at("leftOut"))
        CHECK_THAT(text, Contains("left out: " + endpoint.at("address").get<std::string>() + " "));
    }
}
