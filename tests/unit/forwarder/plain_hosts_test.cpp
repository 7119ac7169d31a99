// A table that is made after others decides as one that is made of nothing, whatever has changed.
#include "forwarder/plain_hosts.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "tests/unit/forwarder/scene.hpp"

using namespace forwarder;
using namespace scene;

namespace {

namespace view = discovery::view;

// Destinations that change one by one, so that the others stay the same objects.
struct Changing {
  base::Random random{6};
  std::map<std::string, std::shared_ptr<const view::Destination>> destinations;
  resources::Documents documents;
  view::Resolver resolver;
  std::shared_ptr<const view::Resolution> resolution;

  std::string host() {
    return "h" + std::to_string(random.below(5)) + (random.chance(0.5) ? ".x" : ".y");
  }
  std::string ip() { return "10.0.0." + std::to_string(1 + random.below(9)); }

  std::shared_ptr<const view::Destination> destination(const std::string& name) {
    auto service = std::make_shared<view::Service>();
    service->cluster = random.chance(0.7) ? "east" : "west";
    service->namespace_ = "shop";
    service->name = name.substr(0, name.find('.'));
    service->ports = {{"http", 80, "", 8080, ""}};
    for (auto n = random.below(3); n > 0; --n) {
      auto& endpoint = service->endpoints.emplace_back();
      endpoint.ip = base::IpAddress::parse(ip()).value();
      endpoint.traits = std::make_shared<const view::Traits>(
          view::Traits{service->cluster, {}, {{"http", 8080}}, {}, {}, {}});
    }
    auto made = std::make_shared<view::Destination>();
    made->host = name;
    made->defined_by = "Service shop/" + name;
    made->namespace_ = "shop";
    made->name = service->name;
    made->cluster = service->cluster;
    made->headless = random.chance(0.1);
    made->ports = {{80, "http", "HTTP", "", 0}};
    if (random.chance(0.3)) made->ports.push_back({81, "db", "TCP", "", 0});
    if (random.chance(0.3)) made->ports.push_back({82, "web", "HTTP", "http", 0});
    if (random.chance(0.3)) made->door.kind = view::Door::Kind::forwarder;
    made->services = {std::move(service)};
    return made;
  }
  void change() {
    const auto name = host();
    switch (random.below(4)) {
      case 0:
        destinations.erase(name);
        break;
      case 1: {
        documents.route_tables = {};
        for (auto n = random.below(3); n > 0; --n) {
          auto made = table("t" + std::to_string(n), {random.chance(0.2) ? "*.x" : host()},
                            {route({exact("/to")}, to("h" + std::to_string(random.below(5)))),
                             route({exact("/says")}, says(std::to_string(random.below(9))))});
          if (random.chance(0.5)) made.workload_selectors.resize(1);
          if (random.chance(0.5))
            for (auto& selector : made.workload_selectors) selector.name = "h1";
          documents.route_tables.push_back(std::move(made));
        }
        break;
      }
      default:
        destinations[name] = destination(name);
    }
  }
  void resolve() {
    auto next = std::make_shared<view::View>();
    next->cluster = "east";
    next->synced = true;
    for (const auto& [_, one] : destinations) {
      next->destinations.push_back(one);
      next->services.push_back(one->services.front());
    }
    resolution = resolver.resolve(next);
  }
};

std::string describe(const Upstream& upstream) {
  auto text = upstream.name;
  for (const auto& tier : upstream.tiers)
    for (const auto& member : tier.members) text += ' ' + member.address.to_string();
  return text + (upstream.fail_open ? " open" : "");
}

std::string describe(const Compiled& compiled) {
  std::string text;
  for (const auto& listener : compiled.table->listeners) text += listener.to_string() + '\n';
  for (const auto& problem : compiled.problems) text += problem.to_string() + '\n';
  for (const auto& status : compiled.statuses) {
    text += status.object + ' ' + std::string(to_string(status.state)) + '\n';
    for (const auto& note : status.notes) text += "  " + note + '\n';
  }
  for (int n = 0; n < 5; ++n)
    for (const char* zone : {".x", ".y", ".z"})
      for (const char* path : {"/", "/to", "/says"})
        for (const auto port : std::initializer_list<std::uint16_t>{80, 81, 82})
          for (const char* client : {"10.0.0.1", "192.0.2.1"}) {
            const auto host = "h" + std::to_string(n) + zone;
            Incoming request("GET", host, path);
            request.value.port = port;
            request.value.client = base::IpAddress::parse(client).value();
            const auto decision = decide(*compiled.table, request);
            text += std::string(decision.route) + " → ";
            if (const auto* reply = std::get_if<Reply>(&decision.action))
              text += std::to_string(reply->status) + reply->body;
            else if (const auto& to = std::get<Forward>(decision.action).upstream)
              text += describe(*to);
            text += '\n';
          }
  return text;
}

}  // namespace

TEST_CASE("from table to table is the same as each table alone") {
  Changing mesh;
  KeptTable kept;
  const ForwarderConfig config{
      "east", {base::IpAddress::parse("127.0.0.9").value()}, Others::may_be_heard};
  for (int step = 0; step < 600; ++step) {
    for (auto changes = 1 + mesh.random.below(2); changes > 0; --changes) mesh.change();
    mesh.resolve();
    KeptTable nothing;
    REQUIRE(describe(compile(mesh.documents, *mesh.resolution, config, kept)) ==
            describe(compile(mesh.documents, *mesh.resolution, config, nothing)));
  }
}

TEST_CASE("a virtual host that no table names is the same object in the next table") {
  Changing mesh;
  KeptTable kept;
  const ForwarderConfig config{
      "east", {base::IpAddress::parse("127.0.0.9").value()}, Others::may_be_heard};
  for (const char* name : {"a.x", "b.x", "c.x"}) {
    auto made = std::make_shared<view::Destination>(*mesh.destination(name));
    made->headless = false;
    mesh.destinations[name] = made;
  }
  mesh.resolve();
  const auto first = compile({}, *mesh.resolution, config, kept);
  const auto before = first.table->routes;
  mesh.resolve();
  const auto second = compile({}, *mesh.resolution, config, kept);
  const auto after = second.table->routes;
  CHECK(before->plain.size() == 3);
  CHECK(before->plain == after->plain);
  CHECK(before->plain_index == after->plain_index);
}
