#include "discovery/row.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "discovery/row_check.hpp"

using namespace discovery;
using namespace std::chrono_literals;

namespace {

EndpointRow ratings_endpoint() {
  EndpointRow row{"bookinfo", "ratings", "10.0.0.5", {}};
  row.ip = *base::IpAddress::parse("10.0.0.5");
  row.traits.ports = {{"http", 9080}, {"", 15021}};
  row.traits.locality = {"us-east", "us-east-1a", "rack7"};
  row.traits.network = "vpc-1";
  row.health = view::Health::draining;
  row.weight = 3;
  row.traits.labels = {{"app", "ratings"}, {"version", "v2"}};
  row.traits.hostname = "ratings-0";
  row.traits.second_address = true;
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

DestinationRow ratings_destination() {
  DestinationRow row;
  row.destination.metadata.name = "ratings";
  row.destination.metadata.namespace_ = "bookinfo";
  row.destination.hosts = {"ratings.mesh.internal"};
  row.destination.services = {{{{"app", "ratings"}}, "", "bookinfo", "", ""}};
  row.destination.ports = {{9080, "HTTP", {0, "http"}}};
  return row;
}

base::Code code_of(const RowValue& row) {
  const auto encoded = encode(row);
  const auto decoded = decode(encoded.key, encoded.value);
  return decoded.ok() ? base::Code::internal : decoded.error().code;
}

}  // namespace

TEST_CASE("a row of subsets says what is looked at and, where Pods are read, what is told") {
  SubsetsRow row{{"track", "version"}, std::nullopt};
  CHECK(round_trip(row) == row);
  row.told = {};
  CHECK(round_trip(row) == row);
  row.told = {"version"};
  CHECK(round_trip(row) == row);
  row.named.assign(kMaxSubsetKeysInRow + 1, "version");
  CHECK(code_of(row) == base::Code::invalid);
  row.named = {"ver\nsion"};
  CHECK(code_of(row) == base::Code::invalid);
}

TEST_CASE("a row of drains keeps each target and what is left of it") {
  using Kind = view::DrainTarget::Kind;
  DrainRow row;
  row.drains = {
      {{}, 7, false, {}, {}},
      {{Kind::service, "bookinfo", "ratings", {}, 0}, 500, true, 30s, {7, 0xffffffff}},
      {{Kind::endpoint, "", "", *base::IpAddress::parse("fd00::1"), 8080}, 0, false, {}, {1, 0}},
      {{Kind::endpoint, "", "", *base::IpAddress::parse("10.0.0.1"), 0},
       999,
       false,
       1500ms,
       {2, 3}},
      {{Kind::service, "bookinfo", "reviews", {}, 0},
       view::kAllLeft,
       true,
       {},
       {kMaxOrderCounter, 1}}};
  CHECK(round_trip(row).drains == row.drains);
  CHECK(row.drains[2].target.to_string() == "endpoint [fd00::1]:8080");

  row.drains = {{{Kind::service, "bookinfo", "no label", {}, 0}, 500, false, {}, {}}};
  CHECK(code_of(row) == base::Code::invalid);
  row.drains = {{{}, view::kAllLeft, false, {}, {}}};
  CHECK(code_of(row) == base::Code::invalid);
  row.drains = {{{}, 7, false, {}, {kMaxOrderCounter + 1, 0}}};
  CHECK(code_of(row) == base::Code::invalid);
  row.drains.assign(kMaxDrainsInRow + 1, {{}, 0, false, {}, {}});
  CHECK(code_of(row) == base::Code::invalid);
  row.drains.assign(kMaxDrainsInRow + 1, {{}, view::kAllLeft, true, {}, {1, 0}});
  CHECK(code_of(row) == base::Code::invalid);
  // An endpoint without an address; a kind of a later version is passed over.
  CHECK_FALSE(decode(kDrainKey, std::string_view("\x0a\x02\x08\x02", 4)).ok());
  const auto later = decode(kDrainKey, std::string_view("\x0a\x02\x08\x03", 4));
  REQUIRE(later.ok());
  CHECK(std::get<DrainRow>(*later).drains.empty());
}

TEST_CASE("an endpoint row keeps every field") {
  const auto row = round_trip(ratings_endpoint());
  CHECK(row.namespace_ == "bookinfo");
  CHECK(row.service == "ratings");
  CHECK(row.id == "10.0.0.5");
  CHECK(row.ip.to_string() == "10.0.0.5");
  CHECK(row.traits.ports == ratings_endpoint().traits.ports);
  CHECK(row.traits.locality == ratings_endpoint().traits.locality);
  CHECK(row.health == view::Health::draining);
  CHECK(row.weight == 3);
  CHECK(row.traits.labels.at("version") == "v2");
  CHECK(row.traits.hostname == "ratings-0");
}

TEST_CASE("weight 0 is not the same as the default weight 1") {
  auto row = ratings_endpoint();
  row.weight = 0;
  CHECK(round_trip(row).weight == 0);
  row.weight = 1;
  CHECK(round_trip(row).weight == 1);
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
  CHECK_FALSE(back.external);
  service.external = {"auth", {{"team", "a"}}};
  REQUIRE(round_trip(service).external);
  CHECK(round_trip(service).external->name == "auth");
  CHECK(round_trip(service).external->labels == service.external->labels);

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
  row.destination.external_services = {{{{"team", "a"}}, "auth", "", "", ""}};
  row.destination.ports = {{9080, "HTTP", {0, "http"}}, {50051, "GRPC", {8080, ""}}};
  row.destination.prefer = {"zone", "cluster:us-1", "any"};
  const auto back = round_trip(row).destination;
  CHECK(back.hosts == row.destination.hosts);
  CHECK(back.services[0].labels == row.destination.services[0].labels);
  CHECK(back.services[1].cluster == "west");
  REQUIRE(back.external_services.size() == 1);
  CHECK(back.external_services[0].labels == row.destination.external_services[0].labels);
  CHECK(back.external_services[0].name == "auth");
  CHECK(back.ports[1].target_port.number == 8080);
  CHECK(back.ports[0].target_port.name == "http");
  CHECK(back.prefer == row.destination.prefer);
  CHECK(back.metadata.created_at == 1'700'000'000);
  CHECK(back.metadata.labels == row.destination.metadata.labels);
}

TEST_CASE("an address and a zone that other fields tell are not told twice") {
  auto row = ratings_endpoint();
  const auto size = [&] { return encode(RowValue(row)).value.size(); };
  row.traits.locality = {"us-east-1", "us-east-1a", ""};
  const auto shortest = size();
  row.id = "ratings-0";
  CHECK(size() == shortest + 6);
  CHECK(round_trip(row).ip.to_string() == "10.0.0.5");
  row.traits.locality.zone = "zone-of-10";
  CHECK(size() == shortest + 6 + 9);
  CHECK(round_trip(row).traits.locality == row.traits.locality);
  for (const char* zone : {"us-east-1", "us-east-1a", "us", ""}) {
    row.traits.locality.zone = zone;
    CHECK(round_trip(row).traits.locality == row.traits.locality);
  }
  row.traits.locality = {"", "a", ""};
  CHECK(round_trip(row).traits.locality == row.traits.locality);
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
  CHECK(std::get<EndpointRow>(*row).health == view::Health::unhealthy);
}

TEST_CASE("keys with missing parts and values that are cut or bent never decode and never crash") {
  const auto good = encode(RowValue(ratings_endpoint()));
  for (const char* key : {"", "e", "e/", "e/bookinfo", "e/bookinfo/ratings", "e//ratings/x", "s/",
                          "s/a", "d/a/", "e/a/b/"})
    CHECK_FALSE(decode(key, good.value).ok());
  for (std::size_t cut = 1; cut < good.value.size(); ++cut)
    (void)decode(good.key, good.value.substr(0, cut));
  CHECK_FALSE(decode("e/bookinfo/ratings/ratings-0", "").ok());  // nothing names an address
  base::Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    auto bent = good.value;
    for (auto flips = 1 + random.below(4); flips > 0; --flips)
      bent[random.below(bent.size())] = static_cast<char>(random.next());
    (void)decode(good.key, bent);
  }
}

TEST_CASE(
    "a row whose texts would not survive a log, a JSON string or a DNS name does not decode") {
  REQUIRE(code_of(ratings_endpoint()) == base::Code::internal);
  REQUIRE(code_of(ratings_destination()) == base::Code::internal);
  const std::string texts[] = {
      "\xff", "a\nb", "\x1b[2J", "\xc2\x85", "\xe2\x82", "a\x7f", std::string("a\0b", 3)};
  for (const auto& bad : texts) {
    INFO(bad);
    const auto endpoint_with = [&](auto change) {
      auto row = ratings_endpoint();
      change(row);
      return code_of(row);
    };
    CHECK(endpoint_with([&](auto& row) { row.traits.labels["app"] = bad; }) == base::Code::invalid);
    CHECK(endpoint_with([&](auto& row) { row.traits.labels[bad] = "x"; }) == base::Code::invalid);
    CHECK(endpoint_with([&](auto& row) { row.traits.locality.zone = bad; }) == base::Code::invalid);
    CHECK(endpoint_with([&](auto& row) { row.traits.network = bad; }) == base::Code::invalid);
    CHECK(endpoint_with([&](auto& row) { row.traits.ports[0].name = bad; }) == base::Code::invalid);
    CHECK(endpoint_with([&](auto& row) { row.traits.hostname = bad; }) == base::Code::invalid);
    CHECK(endpoint_with([&](auto& row) { row.service = bad; }) == base::Code::invalid);
    CHECK(endpoint_with([&](auto& row) { row.id = bad; }) == base::Code::invalid);
    CHECK(code_of(AgentRow{"", bad, {}, {}}) == base::Code::invalid);
    CHECK(code_of(ServiceRow{"a", "b", {}, {{"", 80, "", 0, bad}}, false}) == base::Code::invalid);
    auto destination = ratings_destination();
    destination.destination.services[0].cluster = bad;
    CHECK(code_of(destination) == base::Code::invalid);
    destination = ratings_destination();
    destination.destination.metadata.name = bad;
    CHECK(code_of(destination) == base::Code::invalid);
  }
  auto words = ratings_endpoint();
  words.traits.labels["team"] = "Köln · 東京 🦊";
  CHECK(code_of(words) == base::Code::internal);
}

TEST_CASE("names are what their kind allows") {
  for (const char* bad : {"A.mesh.internal", "a.mesh.internal.", "a..b", "*", "*-a.mesh.internal",
                          "a.*.internal", "a b", "10.0.0.1", ""}) {
    auto row = ratings_destination();
    row.destination.hosts = {bad};
    INFO(bad);
    CHECK(code_of(row) == base::Code::invalid);
  }
  for (const char* bad : {"Ratings", "a.b", "-a", "a_b"}) {
    INFO(bad);
    CHECK(code_of(ServiceRow{bad, "b", {}, {}, false}) == base::Code::invalid);
    CHECK(code_of(ServiceRow{"a", bad, {}, {}, false}) == base::Code::invalid);
    auto row = ratings_endpoint();
    row.traits.hostname = bad;
    CHECK(code_of(row) == base::Code::invalid);
  }
}

TEST_CASE("no list inside a row is longer than its limit") {
  const auto list = [](std::size_t length, auto made) {
    return std::vector<decltype(made(0))>([&] {
      std::vector<decltype(made(0))> items;
      for (std::size_t i = 0; i < length; ++i) items.push_back(made(i));
      return items;
    }());
  };
  const auto labels = [](std::size_t length) {
    base::Labels made;
    for (std::size_t i = 0; i < length; ++i) made[std::to_string(i)] = "x";
    return made;
  };
  const auto port = [](std::size_t i) {
    return view::ServicePort{"", static_cast<std::uint16_t>(i + 1), "", 0, ""};
  };
  const auto host = [](std::size_t i) { return "h" + std::to_string(i) + ".mesh.internal"; };
  for (const std::size_t over : {0u, 1u}) {
    const auto wanted = over ? base::Code::invalid : base::Code::internal;
    CHECK(code_of(ServiceRow{"a", "b", {}, list(kMaxPortsInRow + over, port), false}) == wanted);
    CHECK(code_of(ServiceRow{"a", "b", labels(kMaxLabelsInRow + over), {}, false}) == wanted);
    const auto ip = [](std::size_t i) { return base::IpAddress::v4(static_cast<unsigned>(i)); };
    CHECK(code_of(AgentRow{"", "", {}, list(kMaxForwardersInRow + over, ip)}) == wanted);
    auto endpoint = ratings_endpoint();
    endpoint.traits.ports = list(kMaxPortsInRow + over, [](std::size_t) {
      return view::EndpointPort{"", 1};
    });
    CHECK(code_of(endpoint) == wanted);
    const auto destination_with = [&](auto change) {
      auto row = ratings_destination();
      change(row.destination);
      return code_of(row);
    };
    CHECK(destination_with([&](auto& d) { d.hosts = list(kMaxHostsInRow + over, host); }) ==
          wanted);
    CHECK(destination_with([&](auto& d) { d.ports.resize(kMaxPortsInRow + over); }) == wanted);
    CHECK(destination_with([&](auto& d) { d.services.resize(kMaxSelectorsInRow + over); }) ==
          wanted);
    CHECK(destination_with([&](auto& d) { d.prefer.resize(kMaxPreferencesInRow + over); }) ==
          wanted);
    CHECK(destination_with(
              [&](auto& d) { d.services[0].labels = labels(kMaxLabelsInRow + over); }) == wanted);
  }
}
