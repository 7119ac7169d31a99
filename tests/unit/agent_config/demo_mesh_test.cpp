// The demo's documents through every brain, without a socket: what `nearmost demo` shows, decided
// in one process.
#include "agent/demo/documents.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "discovery/assemble.hpp"
#include "discovery/row.hpp"
#include "discovery/view/resolution.hpp"
#include "forwarder/compile.hpp"

namespace {

using namespace discovery;

constexpr const char* kClusters[] = {"east", "west", "eu"};
const std::map<std::string, base::Locality> kPlaces{{"east", {"us", "us-east", ""}},
                                                    {"west", {"us", "us-west", ""}},
                                                    {"eu", {"europe", "eu-central", ""}}};

std::vector<RowValue> rows_of(const resources::Documents& documents,
                              const base::Locality& locality) {
  std::vector<RowValue> rows{AgentRow{"", "", locality, {}}};
  for (const auto& service : documents.static_services) {
    const auto& meta = service.metadata;
    ServiceRow row{meta.namespace_, meta.name, meta.labels, {}, service.headless};
    std::vector<view::EndpointPort> ports;
    for (const auto& port : service.ports) {
      row.ports.push_back({port.name, port.number, "", 0, ""});
      ports.push_back({port.name, port.number});
    }
    rows.push_back(std::move(row));
    for (const auto& endpoint : service.endpoints) {
      EndpointRow made{meta.namespace_, meta.name, endpoint.ip.to_string(), {}};
      made.ip = endpoint.ip;
      made.traits.ports = ports;
      made.traits.locality = endpoint.locality;
      made.traits.labels = endpoint.labels;
      rows.push_back(std::move(made));
    }
  }
  for (const auto& destination : documents.virtual_destinations)
    rows.push_back(DestinationRow{destination});
  return rows;
}

// The mesh as the agent of one cluster sees it; `lost` clusters are dead.
struct Seen {
  resources::Documents own;
  view::Resolution resolution;
  forwarder::KeptTable kept;
  forwarder::Compiled compiled;
  base::Random random{1};

  explicit Seen(const std::string& cluster, const std::set<std::string>& lost = {}) {
    Publication publication;
    publication.synced = true;
    for (const std::string name : kClusters) {
      auto documents = resources::load(agent::demo::documents(name)).documents;
      auto& origin = publication.origins.emplace_back();
      origin.id = {name, 0};
      origin.stamp = {1, 1};
      origin.local = name == cluster;
      origin.freshness = lost.contains(name) ? view::Freshness::dead : view::Freshness::fresh;
      std::vector<Row> rows;
      for (const auto& row : rows_of(documents, kPlaces.at(name))) {
        auto [key, value] = encode(row);
        rows.push_back({key, 1, value, false});
      }
      origin.rows = Rows().with(rows);
      if (origin.local) own = std::move(documents);
    }
    AssemblyRules rules;
    rules.cluster = cluster;
    rules.locality = kPlaces.at(cluster);
    rules.zones = {"mesh.internal"};
    rules.forwarders = {*base::IpAddress::parse("127.0.0.1")};
    rules.remote_loopback = AssemblyRules::Loopback::allowed;  // the demo is one machine
    for (const auto& table : own.route_tables)
      for (const auto& host : table.hosts) rules.routed_hosts[host] = table.metadata.name;
    resolution = view::resolve(Assembler().assemble(publication, rules, 1));
    compiled = forwarder::compile(own, resolution, {cluster, rules.forwarders}, kept);
  }

  // The clusters of the first tier of a host.
  std::set<std::string> nearest(const std::string& host) const {
    std::set<std::string> clusters;
    const auto* found = resolution.find(host);
    REQUIRE(found);
    const auto& tiers = found->by_class.front().tiers;
    REQUIRE_FALSE(tiers.empty());
    for (const auto& choice : tiers.front().endpoints)
      clusters.insert(choice.endpoint().traits->cluster);
    return clusters;
  }

  forwarder::Decision ask(std::uint16_t port, std::string_view host, std::string_view path,
                          std::vector<forwarder::http::Header> headers = {}) {
    forwarder::http::RequestHead head;
    head.method = "GET";
    head.target = head.path = path;
    head.authority = host;
    head.headers = std::move(headers);
    return compiled.table->decide({port, *base::IpAddress::parse("127.0.0.1"), &head}, random);
  }

  // "/path upstream first-member" of a request that is forwarded.
  std::string forwarded(std::uint16_t port, std::string_view host, std::string_view path,
                        std::vector<forwarder::http::Header> headers = {}) {
    const auto decision = ask(port, host, path, std::move(headers));
    const auto* forward = std::get_if<forwarder::Forward>(&decision.action);
    if (!forward || !forward->upstream || forward->upstream->tiers.empty()) return "nothing";
    const auto target = forward->target.empty() ? std::string(path) : forward->target;
    return target + " " + forward->upstream->tiers.front().members.front().address.to_string();
  }
};

constexpr const char* kPage = "productpage.bookinfo.example";

}  // namespace

TEST_CASE("each cluster serves itself; west, which runs no details, is served by its region",
          "[demo]") {
  CHECK(Seen("east").nearest("details.mesh.internal") == std::set<std::string>{"east"});
  CHECK(Seen("west").nearest("details.mesh.internal") == std::set<std::string>{"east"});
  CHECK(Seen("eu").nearest("details.mesh.internal") == std::set<std::string>{"eu"});
  CHECK(Seen("west").nearest("ratings.mesh.internal") == std::set<std::string>{"west"});
  CHECK(Seen("west", {"east"}).nearest("details.mesh.internal") == std::set<std::string>{"eu"});
}

TEST_CASE("tables or ports lead to the forwarder, the rest to endpoints", "[demo]") {
  const Seen west("west");
  const auto door = [&](const char* host) {
    return west.resolution.find(host)->destination->door.kind;
  };
  CHECK(door("details.mesh.internal") == view::Door::Kind::endpoints);
  CHECK(door("reviews.mesh.internal") == view::Door::Kind::forwarder);
  CHECK(door("ratings.mesh.internal") == view::Door::Kind::forwarder);
  CHECK(door(kPage) == view::Door::Kind::forwarder);
}

TEST_CASE("the demo's routes compile without a complaint in every cluster", "[demo]") {
  for (const auto* cluster : kClusters) {
    const Seen seen(cluster);
    INFO(cluster);
    for (const auto& problem : seen.compiled.problems) FAIL_CHECK(problem.to_string());
    for (const auto& status : seen.compiled.statuses)
      for (const auto& note : status.notes) FAIL_CHECK(status.object + ": " + note);
  }
}

TEST_CASE("the front door answers, moves, delegates with rewritten paths, and shows the page",
          "[demo]") {
  Seen west("west");
  const auto alive = std::get<forwarder::Reply>(west.ask(8080, kPage, "/alive").action);
  CHECK((alive.status == 200 && alive.body == "alive\n"));
  const auto moved = std::get<forwarder::Reply>(west.ask(8080, kPage, "/catalogue/7").action);
  CHECK(moved.status == 302);
  CHECK_THAT(moved.location, Catch::EndsWith("/productpage"));
  CHECK(west.forwarded(8080, kPage, "/productpage") == "/productpage 127.0.2.11:9080");
  CHECK(west.forwarded(8080, kPage, "/api/v1/ratings/7") == "/ratings/7 127.0.2.31:9080");
  CHECK(west.forwarded(8080, kPage, "/api/v1/details/7") == "/details/7 127.0.1.21:9080");
  CHECK(Seen("west", {"east"}).forwarded(8080, kPage, "/api/v1/details/7") ==
        "/details/7 127.0.3.21:9080");
}

TEST_CASE("Jason gets v2, the others v1 and, one in five, v3", "[demo]") {
  Seen eu("eu");
  const std::string jason =
      eu.forwarded(9080, "reviews.mesh.internal", "/reviews/1", {{"End-User", "jason"}});
  CHECK(jason == "/reviews/1 127.0.3.42:9080");
  std::map<std::string, int> counts;
  for (int i = 0; i < 1000; ++i)
    ++counts[eu.forwarded(9080, "reviews.mesh.internal", "/reviews/1")];
  CHECK(counts.size() == 2);
  CHECK(counts["/reviews/1 127.0.3.43:9080"] > 150);
  CHECK(counts["/reviews/1 127.0.3.43:9080"] < 250);
}

TEST_CASE("ratings go by number", "[demo]") {
  Seen east("east");
  CHECK(east.forwarded(9080, "ratings.mesh.internal", "/ratings/12") ==
        "/ratings/12 127.0.1.31:9080");
  CHECK(std::get<forwarder::Reply>(east.ask(9080, "ratings.mesh.internal", "/ratings/x").action)
            .status == 404);
}
