#include "discovery/assemble.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "discovery/view/resolution.hpp"

using namespace discovery;

namespace {

RowValue service(std::string name, std::vector<view::ServicePort> ports, bool headless = false) {
  return ServiceRow{"bookinfo", name, {{"app", name}}, std::move(ports), headless};
}

RowValue endpoint(std::string service, std::string_view ip, std::vector<view::EndpointPort> ports) {
  EndpointRow row{"bookinfo", std::move(service), std::string(ip), {}};
  row.ip = *base::IpAddress::parse(ip);
  row.traits.ports = std::move(ports);
  return row;
}

// The service behind an external service called so, with that label and a port for TLS.
RowValue external(std::string name, std::string kind) {
  ServiceRow row{"bookinfo", name + "--external", {}, {{"http", 80, "", 8080, ""}}, false};
  row.ports.push_back({"tls", 443, "", 0, "TLS"});
  row.external = {std::move(name), {{"kind", std::move(kind)}}};
  return row;
}

RowValue destination(std::string name, std::vector<std::string> hosts, std::string app,
                     std::int64_t created_at = 0) {
  DestinationRow row;
  row.destination.metadata.name = std::move(name);
  row.destination.metadata.namespace_ = "bookinfo";
  row.destination.metadata.created_at = created_at;
  row.destination.hosts = std::move(hosts);
  row.destination.services = {{{{"app", std::move(app)}}, "", "", "", ""}};
  row.destination.ports = {{9080, "HTTP", {}}};
  return row;
}

OriginPublication origin(std::string cluster, const std::vector<RowValue>& rows,
                         std::uint32_t replica = 0) {
  OriginPublication made;
  made.id = {std::move(cluster), replica};
  made.stamp = {1, 1};
  std::vector<Row> changes;
  for (const auto& row : rows) {
    auto [key, value] = encode(row);
    changes.push_back({key, 1, value, false});
  }
  made.rows = Rows().with(changes);
  return made;
}

AssemblyRules east() {
  AssemblyRules rules;
  rules.cluster = "east";
  rules.locality = {"us-east", "", ""};
  rules.zones = {"mesh.internal"};
  rules.forwarders = {*base::IpAddress::parse("127.0.1.1")};
  return rules;
}

std::shared_ptr<const view::View> assemble(std::vector<OriginPublication> origins,
                                           const AssemblyRules& rules = east()) {
  Publication publication;
  publication.origins = std::move(origins);
  for (auto& o : publication.origins) o.local = o.id.cluster == rules.cluster;
  return Assembler().assemble(publication, rules, 1);
}

const std::vector<view::ServicePort> kHttp{{"http", 9080, "", 0, ""}};

}  // namespace

TEST_CASE(
    "a virtual destination gathers one service a cluster; a service has its name without one") {
  const auto view = assemble(
      {origin("east", {service("ratings", kHttp), endpoint("ratings", "10.0.0.1", {{"http", 9080}}),
                       destination("ratings", {"ratings.mesh.internal"}, "ratings")}),
       origin("west",
              {service("ratings", kHttp), endpoint("ratings", "10.1.0.1", {{"http", 9080}})})});
  const auto* ratings = view->find("ratings.mesh.internal");
  REQUIRE(ratings);
  CHECK(ratings->services.size() == 2);
  CHECK(ratings->door.kind == view::Door::Kind::endpoints);
  const auto* plain = view->find("ratings.bookinfo.mesh.internal");
  REQUIRE(plain);
  CHECK(plain->services.size() == 2);
  CHECK(plain->ports[0].protocol == "HTTP");
}

TEST_CASE("endpoints take their cluster's locality where they say none") {
  const auto view = assemble(
      {origin("west", {AgentRow{"", "", {"us-west", "2a", ""}, {}}, service("ratings", kHttp),
                       endpoint("ratings", "10.1.0.1", {{"http", 9080}})})});
  REQUIRE(view->services.size() == 1);
  CHECK(view->services[0]->endpoints[0].traits->cluster == "west");
  CHECK(view->services[0]->endpoints[0].traits->locality == base::Locality{"us-west", "2a", ""});
}

TEST_CASE(
    "at home the home definition wins, elsewhere the older one, and the winner names the loser") {
  const std::vector<OriginPublication> origins{
      origin("eu", {destination("mine", {"shop.mesh.internal"}, "a", 100)}),
      origin("west", {destination("theirs", {"shop.mesh.internal"}, "b", 50)})};
  const auto from_eu = [&] {
    auto rules = east();
    rules.cluster = "eu";
    return assemble(origins, rules);
  }();
  CHECK(from_eu->find("shop.mesh.internal")->defined_by == "VirtualDestination eu/bookinfo/mine");
  const auto from_east = assemble(origins);
  CHECK(from_east->find("shop.mesh.internal")->defined_by ==
        "VirtualDestination west/bookinfo/theirs");
  REQUIRE(from_east->find("shop.mesh.internal")->conflicts.size() == 1);
  CHECK(from_east->find("shop.mesh.internal")->conflicts[0] ==
        "VirtualDestination eu/bookinfo/mine also names shop.mesh.internal; VirtualDestination "
        "west/bookinfo/theirs wins");
}

TEST_CASE("the same document in every cluster is no conflict") {
  const auto row = destination("ratings", {"ratings.mesh.internal"}, "ratings");
  const auto view = assemble({origin("east", {row}), origin("west", {row})});
  CHECK(view->find("ratings.mesh.internal")->conflicts.empty());
}

TEST_CASE("a service has a name in every zone but in those of addresses") {
  auto rules = east();
  rules.zones = {"mesh.internal", "home.arpa", "10.in-addr.arpa", "ip6.arpa"};
  const auto view = assemble({origin("east", {service("ratings", kHttp)})}, rules);
  CHECK(view->destinations.size() == 2);
  for (const auto& destination : view->destinations)
    CHECK((destination->host.ends_with(".mesh.internal") ||
           destination->host.ends_with(".home.arpa")));
}

TEST_CASE("a virtual destination without hosts is one that only routes lead to") {
  auto mapped = destination("parts", {}, "ratings");
  std::get<DestinationRow>(mapped).destination.ports = {{80, "HTTP", {9080, ""}}};
  const auto view =
      assemble({origin("east", {service("ratings", kHttp), mapped}),
                origin("west", {service("ratings", kHttp), destination("wests", {}, "ratings"),
                                destination("external:auth", {}, "ratings"),
                                destination("foreign", {"host.example"}, "ratings")})});
  const auto* found = view->find("VirtualDestination bookinfo/parts");
  REQUIRE(found);
  CHECK_FALSE(found->has_host());
  CHECK(found->services.size() == 2);
  CHECK(found->door.kind == view::Door::Kind::endpoints);
  CHECK(found->dead_ports.empty());
  CHECK(view->find("VirtualDestination bookinfo/wests"));
  CHECK(view->find("ExternalService bookinfo/auth"));
  CHECK(view->find("ratings.bookinfo.mesh.internal")->has_host());
  // One whose hosts were refused is not one without.
  CHECK_FALSE(view->find("VirtualDestination bookinfo/foreign"));
}

TEST_CASE("an external service has the endpoints that its own cluster gives it, and no other's") {
  const auto alias = destination("external:auth", {"auth.mesh.internal"}, "auth");
  const auto view = assemble(
      {origin("east", {service("auth", kHttp), alias}), origin("west", {service("auth", kHttp)})});
  const auto* found = view->find("auth.mesh.internal");
  REQUIRE(found);
  REQUIRE(found->services.size() == 1);
  CHECK(found->services[0]->cluster == "east");
}

TEST_CASE("a virtual destination gathers all external services that it selects, and services") {
  auto mixed = destination("mixed", {"mixed.mesh.internal"}, "ratings");
  auto& asked = std::get<DestinationRow>(mixed).destination;
  asked.services = {{}};  // everything, but no external service
  asked.external_services = {{{{"kind", "paid"}}, "", "", "", ""}, {{}, "geo", "", "west", ""}};
  const auto view =
      assemble({origin("east", {external("auth", "paid"), external("bank", "paid"),
                                external("geo", "free"), service("ratings", kHttp), mixed}),
                origin("west", {external("auth", "paid"), external("geo", "free")})});
  const auto* found = view->find("mixed.mesh.internal");
  REQUIRE(found);
  std::vector<std::string> names;
  for (const auto& one : found->services) names.push_back(one->cluster + '/' + one->name);
  CHECK(names == std::vector<std::string>{"east/auth--external", "east/bank--external",
                                          "east/ratings", "west/auth--external",
                                          "west/geo--external"});
  CHECK(found->conflicts.empty());
}

TEST_CASE("a port of a virtual destination leads to an external service's by name or number") {
  const auto view = assemble({origin("east", {external("auth", "paid")})});
  const auto& auth = *view->services.front();
  const auto led = [&](view::DestinationPort port) { return view::target_port(port, auth, {}); };
  CHECK(led({80, "", "HTTP", "", 0}) == 8080);
  CHECK(led({9080, "", "HTTP", "http", 0}) == 8080);
  CHECK(led({9080, "", "HTTP", "", 80}) == 8080);
  CHECK(led({9080, "", "HTTP", "", 0}) == std::nullopt);
  // What takes TLS gets nothing of who speaks HTTP.
  CHECK(led({443, "", "HTTP", "", 0}) == std::nullopt);
  CHECK(led({443, "", "", "tls", 0}) == std::nullopt);
  CHECK(led({443, "", "TLS", "", 0}) == 443);
  CHECK(view->find("auth--external.bookinfo.mesh.internal")->find_port(443)->protocol == "TLS");
}

TEST_CASE("a peer cannot take over a host outside our zones") {
  const auto bank = destination("bank", {"www.bank.example", "bank.mesh.internal"}, "bank");
  const auto view = assemble({origin("west", {bank})});
  CHECK(view->find("www.bank.example") == nullptr);
  CHECK(view->find("bank.mesh.internal") != nullptr);
  CHECK(assemble({origin("east", {bank})})->find("www.bank.example") != nullptr);
  // "evilmesh.internal" is not inside "mesh.internal".
  CHECK(assemble({origin("west", {destination("x", {"evilmesh.internal"}, "x")})})
            ->find("evilmesh.internal") == nullptr);
}

TEST_CASE(
    "the door is the forwarder where a route table names the host or a port is mapped, never for "
    "headless") {
  auto rules = east();
  rules.routed_hosts = {{"ratings.mesh.internal", "RouteTable bookinfo/ratings"}};
  const std::vector<RowValue> rows{
      service("ratings", kHttp), endpoint("ratings", "10.0.0.1", {{"http", 9080}}),
      destination("ratings", {"ratings.mesh.internal", "direct.mesh.internal"}, "ratings")};
  const auto routed = assemble({origin("east", rows)}, rules);
  CHECK(routed->find("ratings.mesh.internal")->door.kind == view::Door::Kind::forwarder);
  CHECK(routed->find("ratings.mesh.internal")->door.addresses == rules.forwarders);
  CHECK(routed->find("direct.mesh.internal")->door.kind == view::Door::Kind::endpoints);

  const std::vector<RowValue> mapped{service("web", {{"http", 80, "", 8080, ""}}),
                                     endpoint("web", "10.0.0.1", {{"http", 8080}})};
  CHECK(assemble({origin("east", mapped)})->find("web.bookinfo.mesh.internal")->door.kind ==
        view::Door::Kind::forwarder);

  const std::vector<RowValue> headless{service("db", {{"http", 80, "", 8080, ""}}, true),
                                       endpoint("db", "10.0.0.1", {{"http", 8080}})};
  CHECK(assemble({origin("east", headless)})->find("db.bookinfo.mesh.internal")->door.kind ==
        view::Door::Kind::endpoints);
}

TEST_CASE("a mapping that the forwarder cannot do is named, not a dead answer") {
  const auto view = assemble({origin("east", {service("db", {{"tcp", 5432, "", 15432, ""}}),
                                              endpoint("db", "10.0.0.1", {{"tcp", 15432}})})});
  const auto* db = view->find("db.bookinfo.mesh.internal");
  CHECK(db->door.kind == view::Door::Kind::endpoints);
  REQUIRE(db->dead_ports.size() == 1);
  CHECK(db->dead_ports[0].why.starts_with("port 5432 (TCP) is another port at its endpoints"));
}

TEST_CASE("a port that the forwarder does not speak is named where the forwarder is the door") {
  const auto view = assemble(
      {origin("east", {service("web", {{"http", 80, "", 8080, ""}, {"tcp", 5432, "", 0, ""}}),
                       endpoint("web", "10.0.0.1", {{"http", 8080}, {"tcp", 5432}})})});
  const auto* web = view->find("web.bookinfo.mesh.internal");
  CHECK(web->door.kind == view::Door::Kind::forwarder);
  REQUIRE(web->dead_ports.size() == 1);
  CHECK(web->dead_ports[0].why.starts_with("port 5432 (TCP) is behind the forwarder"));
}

TEST_CASE("what speaks HTTP/2 is not led to a forwarder that does not: its door is the endpoints") {
  auto rules = east();
  rules.routed_hosts = {{"api.mesh.internal", "RouteTable bookinfo/api"}};
  auto api = destination("api", {"api.mesh.internal"}, "api");
  std::get<DestinationRow>(api).destination.ports = {{50051, "GRPC", {0, "rpc"}}};
  const auto view = assemble({origin("east", {service("api", {{"rpc", 50051, "", 0, "grpc"}}),
                                              endpoint("api", "10.0.0.1", {{"rpc", 50051}}), api})},
                             rules);
  const auto* routed = view->find("api.mesh.internal");
  CHECK(routed->door.kind == view::Door::Kind::endpoints);
  CHECK(routed->door.why ==
        "RouteTable bookinfo/api names the host, but none of its ports is HTTP/1.1, which is all "
        "that the forwarder speaks");
  CHECK(routed->dead_ports.empty());
  CHECK(view->find("api.bookinfo.mesh.internal")->door.kind == view::Door::Kind::endpoints);
}

TEST_CASE("an HTTP/2 port that would need mapping, or is behind the forwarder's door, is dead") {
  const auto mapped = assemble(
      {origin("east", {service("api", {{"grpc", 80, "", 50051, ""}, {"http2-x", 81, "", 0, ""}}),
                       endpoint("api", "10.0.0.1", {{"grpc", 50051}, {"http2-x", 81}})})});
  const auto* api = mapped->find("api.bookinfo.mesh.internal");
  CHECK(api->door.kind == view::Door::Kind::endpoints);
  CHECK(api->dead_ports ==
        std::vector<view::DeadPort>{
            {80,
             "port 80 (GRPC) is another port at its endpoints, which only the forwarder could map, "
             "and that speaks HTTP/1.1 only: serve it on the same port everywhere"}});

  auto rules = east();
  rules.routed_hosts = {{"web.bookinfo.mesh.internal", "RouteTable bookinfo/web"}};
  const auto both = assemble(
      {origin("east", {service("web", {{"http", 80, "", 0, ""}, {"grpc", 50051, "", 0, ""}})})},
      rules);
  const auto* web = both->find("web.bookinfo.mesh.internal");
  CHECK(web->door.kind == view::Door::Kind::forwarder);
  REQUIRE(web->dead_ports.size() == 1);
  CHECK(web->dead_ports[0].number == 50051);
}

TEST_CASE("the door is the documents': it stays while there is no endpoint") {
  const std::vector<RowValue> scaled_to_zero{service("web", {{"http", 80, "", 8080, ""}})};
  CHECK(assemble({origin("east", scaled_to_zero)})->find("web.bookinfo.mesh.internal")->door.kind ==
        view::Door::Kind::forwarder);
  auto mapped = destination("web", {"web.mesh.internal"}, "web");
  std::get<DestinationRow>(mapped).destination.ports = {{80, "HTTP", {8080, ""}}};
  CHECK(assemble({origin("east", {mapped})})->find("web.mesh.internal")->door.kind ==
        view::Door::Kind::forwarder);
}

TEST_CASE("a slice without its service keeps the door by the destination's own target port") {
  auto mapped = destination("web", {"web.mesh.internal"}, "web");
  std::get<DestinationRow>(mapped).destination.ports = {{80, "HTTP", {8080, ""}}};
  const auto door = [&](std::vector<RowValue> rows) {
    rows.push_back(service("web", {}));
    rows.push_back(mapped);
    return assemble({origin("east", rows)})->find("web.mesh.internal")->door.kind;
  };
  CHECK(door({endpoint("web", "10.0.0.1", {{"http", 8080}})}) == view::Door::Kind::forwarder);
  CHECK(door({}) == view::Door::Kind::forwarder);
}

TEST_CASE("with the forwarder off a port that needs mapping is dead, whatever it speaks") {
  auto rules = east();
  rules.forwarders = {};
  const auto view = assemble(
      {origin("east", {service("web", {{"http", 80, "", 8080, ""}, {"tcp", 5432, "", 0, ""}}),
                       endpoint("web", "10.0.0.1", {{"http", 8080}, {"tcp", 5432}})})},
      rules);
  const auto* web = view->find("web.bookinfo.mesh.internal");
  CHECK(web->door.kind == view::Door::Kind::endpoints);
  REQUIRE(web->dead_ports.size() == 1);
  CHECK(
      web->dead_ports[0].why ==
      "port 80 (HTTP) is another port at its endpoints, and the forwarder is switched off: switch "
      "it on, or serve it on the same port everywhere");
  CHECK(web->conflicts.empty());

  rules.routed_hosts = {{"web.bookinfo.mesh.internal", "RouteTable bookinfo/web"}};
  const auto routed = assemble({origin("east", {service("web", kHttp)})}, rules);
  CHECK(routed->find("web.bookinfo.mesh.internal")->conflicts ==
        std::vector<std::string>{
            "RouteTable bookinfo/web names the host, but the forwarder is switched off"});
}

TEST_CASE("what any of a cluster's agents drains is drained, whichever of them is taken") {
  const DrainRow one{{{{}, 700, false, {}, {}}}}, other{{{{}, 300, false, {}, {}}}};
  auto taken = origin("west", {service("web", kHttp), one}, 0),
       sibling = origin("west", {other}, 1);
  sibling.taken = false;
  const auto view = assemble({origin("east", {}), taken, sibling});
  REQUIRE(view->find_drains("west"));
  CHECK(*view->find_drains("west") == view::Drains{{{}, 300}});
  CHECK(view->find_drains("east") == nullptr);

  // An order to take it back counts before one that is older, and what is whole is no drain.
  const DrainRow dead{{{{}, 0, false, {}, {4, 9}}}},
      later{{{{}, view::kAllLeft, true, {}, {5, 1}}}};
  const auto back = assemble({origin("west", {dead}, 0), origin("west", {later}, 1)});
  CHECK(back->find_drains("west") == nullptr);
}

TEST_CASE("of a cluster with replicas the one that is taken speaks, and says how fresh it is") {
  auto other = origin("west", {service("old", kHttp)}, 0);
  other.freshness = view::Freshness::stale;
  other.taken = false;
  const auto view = assemble({other, origin("west", {service("new", kHttp)}, 1)});
  REQUIRE(view->services.size() == 1);
  CHECK(view->services[0]->name == "new");
  CHECK(view->find_cluster("west")->freshness == view::Freshness::fresh);
}

TEST_CASE("behind the forwarder's door stand all forwarders of our cluster that speak") {
  auto rules = east();
  rules.forwarders = {*base::IpAddress::parse("10.0.0.1")};
  rules.routed_hosts = {{"web.bookinfo.mesh.internal", "RouteTable bookinfo/web"}};
  const auto at = [](const char* ip) { return *base::IpAddress::parse(ip); };
  const auto agent = [&](std::vector<base::IpAddress> ips) {
    return AgentRow{"", "", {}, std::move(ips)};
  };
  const auto addresses = [&](OriginPublication sibling) {
    Publication publication;
    publication.origins = {origin("east", {agent({at("10.0.0.1")}), service("web", kHttp)}),
                           std::move(sibling),
                           origin("west", {agent({at("10.1.0.1")}), service("web", kHttp)})};
    publication.origins[0].local = true;
    const auto view = Assembler().assemble(publication, rules, 1);
    return view->find("web.bookinfo.mesh.internal")->door.addresses;
  };
  auto sibling = origin("east", {agent({at("10.0.0.2"), at("127.0.0.1")})}, 1);
  sibling.taken = false;
  CHECK(addresses(sibling) == std::vector{at("10.0.0.1"), at("10.0.0.2")});
  rules.own_forwarder_only = true;
  CHECK(addresses(sibling) == std::vector{at("10.0.0.1")});
  rules.own_forwarder_only = false;
  sibling.freshness = view::Freshness::stale;
  CHECK(addresses(sibling) == std::vector{at("10.0.0.1")});
}

TEST_CASE("rows that do not decode are skipped and counted, the others serve") {
  auto west = origin("west", {service("ratings", kHttp)});
  west.rows = west.rows.with(std::vector<Row>{{"e/bookinfo/ratings/x", 2, "\xff\xff", false}});
  const auto decoded = decode_origin(west);
  CHECK(decoded->undecodable == 1);
  CHECK(decoded->services.size() == 1);
  CHECK(assemble({west})->find_cluster("west")->undecodable == 1);
}

TEST_CASE(
    "an endpoint that did not answer our probes is marked, and the cache sees the difference") {
  auto west = origin(
      "west", {service("ratings", kHttp), endpoint("ratings", "10.1.0.1", {{"http", 9080}})});
  OriginCache cache;
  const auto get = [&](const OriginPublication& of) {
    return cache.get({&of}, base::one_by_one).front();
  };
  const auto before = get(west);
  CHECK(get(west) == before);
  west.path_failed = {*base::SocketAddress::parse("10.1.0.1:9080")};
  const auto after = get(west);
  CHECK(after != before);
  CHECK(after->services[0]->endpoints[0].path_failed);
  CHECK_FALSE(before->services[0]->endpoints[0].path_failed);
}

TEST_CASE("a peer cannot point us at ourselves, at loopback or at nobody") {
  auto rules = east();
  rules.own_addresses = {*base::IpAddress::parse("10.0.0.9")};
  std::vector<RowValue> rows{service("ratings", kHttp)};
  for (const char* ip : {"127.0.0.1", "0.0.0.0", "224.0.0.1", "169.254.1.1", "10.0.0.9", "::1",
                         "fe80::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "10.1.0.1"})
    rows.push_back(endpoint("ratings", ip, {{"http", 9080}}));
  const auto view = assemble({origin("west", rows)}, rules);
  REQUIRE(view->services.size() == 1);
  REQUIRE(view->services[0]->endpoints.size() == 1);
  CHECK(view->services[0]->endpoints[0].ip.to_string() == "10.1.0.1");
  // What we say of ourselves is ours to say; a mesh on one machine lives on loopback.
  CHECK(assemble({origin("east", rows)}, rules)->services[0]->endpoints.size() == 10);
  rules.remote_loopback = AssemblyRules::Loopback::allowed;
  CHECK(assemble({origin("west", rows)}, rules)->services[0]->endpoints.size() == 4);
}

TEST_CASE("a service keeps its name at home against another cluster's virtual destination") {
  const auto ours = service("ratings", kHttp);
  const auto taker = destination("taker", {"ratings.bookinfo.mesh.internal"}, "evil");
  const auto view = assemble({origin("east", {ours}), origin("west", {taker})});
  const auto* kept = view->find("ratings.bookinfo.mesh.internal");
  REQUIRE(kept);
  CHECK(kept->kind == view::Destination::Kind::service);
  REQUIRE(kept->conflicts.size() == 1);
  CHECK(kept->conflicts[0] ==
        "VirtualDestination west/bookinfo/taker also names ratings.bookinfo.mesh.internal; "
        "Service bookinfo/ratings wins: it is at home");
  // Of our own cluster the virtual destination still wins, and so it does where the service is not
  // at home.
  CHECK(assemble({origin("east", {ours, taker})})->find("ratings.bookinfo.mesh.internal")->kind ==
        view::Destination::Kind::virtual_destination);
  CHECK(assemble({origin("west", {ours}), origin("eu", {taker})})
            ->find("ratings.bookinfo.mesh.internal")
            ->kind == view::Destination::Kind::virtual_destination);
}

TEST_CASE("a peer's service of the same name does not change what ours is") {
  const auto view = assemble({origin("ap", {service("db", {{"http", 80, "", 0, "TCP"}}, true)}),
                              origin("east", {service("db", {{"http", 80, "", 0, ""}})})});
  const auto* db = view->find("db.bookinfo.mesh.internal");
  REQUIRE(db);
  CHECK_FALSE(db->headless);
  CHECK(db->ports[0].protocol == "HTTP");
  CHECK(db->cluster == "east");
}
