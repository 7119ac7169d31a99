#include "discovery/row.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"

using namespace discovery;

namespace {

EndpointRow ratings_endpoint() {
  EndpointRow row{"bookinfo", "ratings", "10.0.0.5", {}};
  row.endpoint.ip = *base::IpAddress::parse("10.0.0.5");
  row.endpoint.ports = {{"http", 9080}, {"", 15021}};
  row.endpoint.locality = {"us-east", "us-east-1a", "rack7"};
  row.endpoint.network = "vpc-1";
  row.endpoint.health = view::Health::draining;
  row.endpoint.weight = 3;
  row.endpoint.labels = {{"app", "ratings"}, {"version", "v2"}};
  row.endpoint.hostname = "ratings-0";
  return row;
}

template <class T>
T round_trip(const T& row) {
  const auto encoded = encode(RowValue(row));
  const auto decoded = decode(encoded.key, encoded.value);
  REQUIRE(decoded.ok());
  REQUIRE(std::holds_alternative<T>(*decoded));
  // What was decoded encodes to the same bytes: nothing was lost.
  CHECK(encode(*decoded) == encoded);
  return std::get<T>(*decoded);
}

}  // namespace

TEST_CASE("an endpoint row keeps every field") {
  const auto row = round_trip(ratings_endpoint());
  CHECK(row.namespace_ == "bookinfo");
  CHECK(row.service == "ratings");
  CHECK(row.id == "10.0.0.5");
  CHECK(row.endpoint.ip.to_string() == "10.0.0.5");
  CHECK(row.endpoint.ports == ratings_endpoint().endpoint.ports);
  CHECK(row.endpoint.locality == ratings_endpoint().endpoint.locality);
  CHECK(row.endpoint.health == view::Health::draining);
  CHECK(row.endpoint.weight == 3);
  CHECK(row.endpoint.labels.at("version") == "v2");
  CHECK(row.endpoint.hostname == "ratings-0");
}

TEST_CASE("weight 0 is not the same as the default weight 1") {
  auto row = ratings_endpoint();
  row.endpoint.weight = 0;
  CHECK(round_trip(row).endpoint.weight == 0);
  row.endpoint.weight = 1;
  CHECK(round_trip(row).endpoint.weight == 1);
}

TEST_CASE("a service row and an agent row keep every field") {
  ServiceRow service{"bookinfo",
                     "reviews",
                     {{"app", "reviews"}},
                     {{"http", 80, "web", 0, "http"}, {"m", 9, "", 99, ""}},
                     true};
  const auto back = round_trip(service);
  CHECK(back.ports == service.ports);
  CHECK(back.labels == service.labels);
  CHECK(back.headless);

  const AgentRow agent{
      "east.example.net:7700", "0.1.0", {"us-east", "", ""}, {*base::IpAddress::parse("::1")}};
  CHECK(round_trip(agent) == agent);
}

TEST_CASE("a virtual destination row keeps hosts, selectors, ports and preferences") {
  DestinationRow row;
  row.destination.metadata = {.name = "ratings",
                              .namespace_ = "bookinfo",
                              .cluster = {},
                              .labels = {{"team", "a"}},
                              .annotations = {},
                              .created_at = 1'700'000'000,
                              .place = {}};
  row.destination.hosts = {"ratings.mesh.internal", "ratings.example"};
  row.destination.services = {{{{"app", "ratings"}}, "", "bookinfo", "", ""},
                              {{}, "ratings", "", "west", "w"}};
  row.destination.ports = {{9080, "HTTP", {0, "http"}}, {50051, "GRPC", {8080, ""}}};
  row.destination.prefer = {"zone", "cluster:us-1", "any"};
  const auto back = round_trip(row).destination;
  CHECK(back.hosts == row.destination.hosts);
  CHECK(back.services[0].labels == row.destination.services[0].labels);
  CHECK(back.services[1].cluster == "west");
  CHECK(back.ports[1].target_port.number == 8080);
  CHECK(back.ports[0].target_port.name == "http");
  CHECK(back.prefer == row.destination.prefer);
  CHECK(back.metadata.created_at == 1'700'000'000);
  CHECK(back.metadata.labels == row.destination.metadata.labels);
}

TEST_CASE("fields of a later version are skipped, kinds of a later version are not found") {
  auto encoded = encode(RowValue(ratings_endpoint()));
  encoded.value += std::string("\xf8\x07\x2a", 3);  // field 127, varint 42
  encoded.value += std::string(
      "\x82\x08\x03"
      "abc",
      6);  // field 128, three bytes
  CHECK(decode(encoded.key, encoded.value).ok());
  CHECK(decode("z/what/ever", "").error().code == base::Code::not_found);
}

TEST_CASE("a health of a later version is not traffic-worthy") {
  const auto row = decode("e/a/b/c", std::string("\x0a\x04\x0a\x00\x00\x01\x38\x09", 8));
  REQUIRE(row.ok());
  CHECK(std::get<EndpointRow>(*row).endpoint.health == view::Health::unhealthy);
}

TEST_CASE("keys with missing parts and values that are cut or bent never decode and never crash") {
  const auto good = encode(RowValue(ratings_endpoint()));
  for (const char* key : {"", "e", "e/", "e/bookinfo", "e/bookinfo/ratings", "e//ratings/x", "s/",
                          "s/a", "d/a/", "e/a/b/"})
    CHECK_FALSE(decode(key, good.value).ok());
  for (std::size_t cut = 1; cut < good.value.size(); ++cut)
    (void)decode(good.key, good.value.substr(0, cut));
  CHECK_FALSE(decode(good.key, "").ok());  // an endpoint without an address
  base::Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    auto bent = good.value;
    for (auto flips = 1 + random.below(4); flips > 0; --flips)
      bent[random.below(bent.size())] = static_cast<char>(random.next());
    (void)decode(good.key, bent);
  }
}
