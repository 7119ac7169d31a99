#include "forwarder/kept_upstreams.hpp"

#include <catch2/catch.hpp>

#include "forwarder/upstreams.hpp"

using namespace forwarder;

namespace {

namespace view = discovery::view;

KeptUpstreams::Source resolved(const std::string& name, const std::vector<const char*>& ips) {
  auto service = std::make_shared<view::Service>();
  service->cluster = "east";
  service->namespace_ = "shop";
  service->name = name;
  const auto traits = std::make_shared<const view::Traits>(view::Traits{
      .cluster = "east", .hostname = {}, .ports = {}, .locality = {}, .network = {}, .labels = {}});
  for (const auto* ip : ips) {
    auto& endpoint = service->endpoints.emplace_back();
    endpoint.ip = base::IpAddress::parse(ip).value();
    endpoint.traits = traits;
  }
  auto destination = std::make_shared<view::Destination>();
  destination->host = name + ".shop.mesh.internal";
  destination->namespace_ = "shop";
  destination->name = name;
  destination->ports = {{80, "http", "HTTP", "", 0}};
  destination->services = {service};
  service->ports = {{"http", 80, "", 8080, ""}};
  auto made = std::make_shared<view::ResolvedDestination>();
  made->by_class = {view::select(*destination, view::View{}, {"east", {}, {}})};
  made->destination = std::move(destination);
  return made;
}

// What a table has of these destinations.
std::vector<std::shared_ptr<const Upstream>> table(
    KeptUpstreams& kept, const std::vector<KeptUpstreams::Source>& destinations) {
  view::Resolution resolution{
      std::make_shared<const view::View>(),
      std::make_shared<const view::Callers>(view::Callers{{view::Caller{}}, {}, {}}), destinations};
  kept.begin_table();
  DestinationNames names;
  Upstreams upstreams(resolution, kept, names);
  std::vector<std::shared_ptr<const Upstream>> made;
  for (const auto& destination : destinations)
    for (const auto& port : destination->destination->ports)
      made.push_back(upstreams.of(destination, port));
  kept.end_table();
  return made;
}

}  // namespace

TEST_CASE("an upstream of the same resolved destination is the same object in the next table") {
  KeptUpstreams kept;
  const auto a = resolved("a", {"10.0.0.1", "10.0.0.2"}), b = resolved("b", {"10.0.0.3"});
  const auto first = table(kept, {a, b});
  REQUIRE(first.size() == 2);
  const auto second = table(kept, {a, resolved("b", {"10.0.0.3", "10.0.0.4"})});
  REQUIRE(second.size() == 2);
  CHECK(second[0] == first[0]);
  REQUIRE(second[1] != first[1]);
  const auto &before = first[1]->tiers.at(0).members, &after = second[1]->tiers.at(0).members;
  REQUIRE(after.size() == 2);
  CHECK(after[0].slot == before[0].slot);
  CHECK(after[0].generation == before[0].generation);
  CHECK(kept.slots().slots().size() == 4);
}

TEST_CASE("an upstream that a table lacks gives its slots up, and is a stranger later") {
  KeptUpstreams kept;
  const auto a = resolved("a", {"10.0.0.1"}), b = resolved("b", {"10.0.0.1", "10.0.0.2"});
  table(kept, {a, b});
  table(kept, {a});
  // .1 is still a's; .2 was b's alone.
  const auto again = table(kept, {a, b});
  const auto& members = again.at(1)->tiers.at(0).members;
  CHECK(members[0].slot == again[0]->tiers.at(0).members[0].slot);
  CHECK(members[0].generation == 0);
  CHECK(members[1].generation == 1);
}

TEST_CASE("what has no source is made for one table") {
  KeptUpstreams kept;
  const auto upstream = [] {
    auto made = std::make_shared<Upstream>();
    made->name = "a subset";
    return made;
  };
  kept.begin_table();
  CHECK_FALSE(kept.find("a subset", nullptr));
  const auto first = upstream();
  kept.put(nullptr, first);
  CHECK(kept.find("a subset", nullptr) == first);
  kept.end_table();
  kept.begin_table();
  CHECK_FALSE(kept.find("a subset", nullptr));
  kept.put(nullptr, upstream());
  kept.end_table();
}
