#include "forwarder/kept_upstreams.hpp"

#include <algorithm>
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

struct Tables {
  KeptUpstreams kept;
  std::vector<KeptUpstreams::Source> last;

  // What the next table has of these destinations; of what has changed it is told.
  std::vector<std::shared_ptr<const Upstream>> next(
      const std::vector<KeptUpstreams::Source>& destinations) {
    const view::Resolution resolution{
        std::make_shared<const view::View>(),
        std::make_shared<const view::Callers>(view::Callers{{view::Caller{}}, {}, {}}),
        destinations};
    kept.begin_table();
    for (const auto& destination : destinations)
      if (std::ranges::find(last, destination) == last.end())
        kept.outdate(destination->destination->host);
    last = destinations;
    DestinationNames names;
    DestinationPolicies policies{resources::Documents{}};
    Upstreams upstreams(resolution, kept, names, policies);
    std::vector<UpstreamId> ids;
    for (const auto& destination : destinations)
      for (const auto& port : destination->destination->ports)
        ids.push_back(upstreams.of(destination, port));
    upstreams.renew();
    kept.end_table();
    std::vector<std::shared_ptr<const Upstream>> made;
    for (const auto id : ids) made.push_back(kept.upstreams()[id]);
    return made;
  }
};

}  // namespace

TEST_CASE("an upstream of the same resolved destination is the same object in the next table") {
  Tables tables;
  const auto a = resolved("a", {"10.0.0.1", "10.0.0.2"}), b = resolved("b", {"10.0.0.3"});
  const auto first = tables.next({a, b});
  REQUIRE(first.size() == 2);
  const auto second = tables.next({a, resolved("b", {"10.0.0.3", "10.0.0.4"})});
  REQUIRE(second.size() == 2);
  CHECK(second[0] == first[0]);
  REQUIRE(second[1] != first[1]);
  const auto &before = first[1]->tiers.at(0).members, &after = second[1]->tiers.at(0).members;
  REQUIRE(after.size() == 2);
  CHECK(after[0].slot == before[0].slot);
  CHECK(after[0].generation == before[0].generation);
  CHECK(tables.kept.slots().slots().size() == 4);
}

TEST_CASE("an upstream that a table lacks gives its slots up, and is a stranger later") {
  Tables tables;
  const auto a = resolved("a", {"10.0.0.1"}), b = resolved("b", {"10.0.0.1", "10.0.0.2"});
  tables.next({a, b});
  tables.next({a});
  // .1 is still a's; .2 was b's alone.
  const auto again = tables.next({a, b});
  const auto& members = again.at(1)->tiers.at(0).members;
  CHECK(members[0].slot == again[0]->tiers.at(0).members[0].slot);
  CHECK(members[0].generation == 0);
  CHECK(members[1].generation == 1);
}

TEST_CASE("an upstream that nobody asks for but that is kept is renewed in its place") {
  KeptUpstreams kept;
  const auto table = [&](const KeptUpstreams::Source& source, UpstreamId held) {
    const view::Resolution resolution{
        std::make_shared<const view::View>(),
        std::make_shared<const view::Callers>(view::Callers{{view::Caller{}}, {}, {}}),
        {source}};
    kept.begin_table();
    kept.outdate(source->destination->host);
    DestinationNames names;
    DestinationPolicies policies{resources::Documents{}};
    Upstreams upstreams(resolution, kept, names, policies);
    if (held == kNoUpstream)
      held = upstreams.of(source, source->destination->ports.front());
    else
      kept.keep(held);
    upstreams.renew();
    kept.end_table();
    return held;
  };
  const auto id = table(resolved("a", {"10.0.0.1"}), kNoUpstream);
  const auto before = kept.upstreams()[id];
  table(resolved("a", {"10.0.0.1", "10.0.0.2"}), id);
  CHECK(before->tiers.at(0).members.size() == 1);
  CHECK(kept.upstreams()[id]->tiers.at(0).members.size() == 2);
  CHECK(kept.slots().slots().size() == 2);
}

TEST_CASE("the place of an upstream that went is given to another") {
  Tables tables;
  const auto a = resolved("a", {"10.0.0.1"}), b = resolved("b", {"10.0.0.2"});
  tables.next({a});
  tables.next({});
  CHECK(tables.kept.upstreams() == UpstreamList{nullptr});
  tables.next({b});
  REQUIRE(tables.kept.upstreams().size() == 1);
  CHECK(tables.kept.upstreams()[0]->name == "b.shop.mesh.internal:80");
}
