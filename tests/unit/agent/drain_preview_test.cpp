#include "agent/drain_preview.hpp"

#include <catch2/catch.hpp>

using namespace discovery;
using view::DrainTarget;
using Kind = DrainTarget::Kind;

namespace {

view::Endpoint at(const std::string& ip, const std::string& cluster) {
  view::Traits traits;
  traits.cluster = cluster;
  traits.ports = {{"http", 80}};
  return {*base::IpAddress::parse(ip), view::Health::healthy, false, 1,
          std::make_shared<const view::Traits>(std::move(traits))};
}

std::shared_ptr<const view::Service> service(const std::string& cluster, const std::string& space,
                                             const std::string& name,
                                             std::vector<view::Endpoint> endpoints) {
  auto made = std::make_shared<view::Service>();
  made->cluster = cluster, made->namespace_ = space, made->name = name;
  made->endpoints = std::move(endpoints);
  return made;
}

// East has web at two addresses, and lonely; west has web.
struct World {
  std::shared_ptr<view::View> view = std::make_shared<view::View>();

  World() {
    view->cluster = "east";
    for (const char* name : {"east", "west"}) view->clusters[name].name = name;
    const auto web =
        service("east", "shop", "web", {at("10.0.0.1", "east"), at("10.0.0.2", "east")});
    const auto other = service("west", "shop", "web", {at("10.1.0.1", "west")});
    const auto lonely = service("east", "shop", "lonely", {at("10.0.0.3", "east")});
    view->services = {web, lonely, other};
    destination("lonely.example", {lonely});
    destination("web.example", {web, other});
  }
  void destination(std::string host, std::vector<std::shared_ptr<const view::Service>> services) {
    auto made = std::make_shared<view::Destination>();
    made->host = std::move(host);
    made->services = std::move(services);
    view->destinations.push_back(std::move(made));
  }
  agent::DrainPreview preview(const DrainTarget& target,
                              const std::vector<Draining::Status>& under_way = {}) const {
    return agent::preview(view::resolve(view), target, under_way);
  }
};

DrainTarget address(const std::string& ip) {
  return {Kind::endpoint, "", "", *base::IpAddress::parse(ip), 0};
}

std::string why(const base::Result<DrainTarget>& target) {
  return target ? "" : target.error().message;
}

}  // namespace

TEST_CASE("a preview says where the traffic goes, and who would have nothing", "[agent]") {
  const World world;
  const auto web = world.preview({Kind::service, "shop", "web", {}, 0});
  CHECK(web.destinations == 1);
  CHECK(web.endpoints == 2);
  CHECK(web.without.empty());
  REQUIRE(web.moves.size() == 1);  // west's callers have their own
  CHECK(web.moves[0].host == "web.example");
  CHECK(web.moves[0].now == "own cluster 100% (east 2)");
  CHECK(web.moves[0].then == "any 100% (west 1)");

  const auto all = world.preview({});
  CHECK(all.destinations == 2);
  CHECK(all.without == std::vector<std::string>{"lonely.example"});
}

TEST_CASE("what is being drained counts for nothing, what is taken back for what it was",
          "[agent]") {
  World world;
  world.view->drains["west"] = {{{}, 900}};
  CHECK(world.preview(address("10.0.0.1")).without.empty());
  // A ramp that began a moment ago is in no view yet.
  const std::vector<Draining::Status> other{{address("10.0.0.2"), 999, 0, {}}};
  CHECK(world.preview(address("10.0.0.1"), other).without ==
        std::vector<std::string>{"web.example"});
  world.view->drains["east"] = {{address("10.0.0.2"), 500}};
  const std::vector<Draining::Status> back{{address("10.0.0.2"), 500, view::kAllLeft, {}}};
  CHECK(world.preview(address("10.0.0.1"), back).without.empty());
}

TEST_CASE("what is to be drained is there, and ours", "[agent]") {
  World world;
  world.view->services.push_back(service("east", "other", "web", {}));
  const auto target = [&](const char* kind, const char* name) {
    return agent::drain_target("east", kind, name, *world.view);
  };
  CHECK(target("service", "lonely").value() == DrainTarget{Kind::service, "shop", "lonely", {}, 0});
  CHECK(why(target("service", "web")) == "\"web\" may be other/web, shop/web: name its namespace");
  CHECK(why(target("service", "shop/wbe")) ==
        "east has no service \"shop/wbe\"; did you mean \"shop/web\"?");
  CHECK(target("endpoint", "10.0.0.1:80").value().port == 80);
  CHECK(why(target("endpoint", "10.0.0.1:81")) == "east has no endpoint at 10.0.0.1:81");
  CHECK(why(target("endpoint", "10.1.0.1")) == "east has no endpoint at 10.1.0.1");
  CHECK(target("cluster", "east").ok());
  CHECK(why(target("cluster", "west")) == "this is an agent of east: ask one of west");
}
