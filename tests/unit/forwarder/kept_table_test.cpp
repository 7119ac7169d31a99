// A table that is made after others decides as one that is made of nothing, whatever has changed.
#include "forwarder/compile.hpp"
#include "forwarder/treatment.hpp"
#include "resources/external_aliases.hpp"
#include "tests/unit/forwarder/scene.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace forwarder;
using namespace scene;

namespace {

namespace view = discovery::view;

// A mesh and its documents that change piece by piece: what has not changed stays the same object.
class Changing {
 public:
  explicit Changing(std::uint64_t seed) : random(seed) { resolve(); }

  void change() {
    switch (random.below(13)) {
      case 12:
        change_balancer();
        break;
      case 0:
        destinations.erase(random.chance(0.15) ? hostless() : host());
        break;
      case 1:
      case 2:
        change_table();
        break;
      case 3:
        change_policy();
        break;
      case 4:
        hidden = random.chance(0.5) ? service("hidden", "kube-system") : nullptr;
        break;
      case 5:
        silent = random.chance(0.5);
        break;
      case 6:
        synced = random.chance(0.8);
        break;
      case 7:
      case 8: {
        const auto name = random.chance(0.15) ? hostless() : host();
        destinations[name] = destination(name);
        break;
      }
      default:
        change_endpoints();
    }
  }
  void resolve() {
    auto next = std::make_shared<view::View>();
    next->cluster = "east";
    next->synced = synced;
    for (const char* name : {"east", "west"}) next->clusters[name].name = name;
    if (silent) next->clusters["west"].freshness = view::Freshness::stale;
    for (const auto& [_, one] : destinations) {
      next->destinations.push_back(one);
      next->services.push_back(one->services.front());
    }
    if (hidden) next->services.push_back(hidden);
    resolution = resolver.resolve(next);
  }

  base::Random random;
  std::map<std::string, std::shared_ptr<const view::Destination>> destinations;
  resources::Documents documents;
  std::shared_ptr<const view::Resolution> resolution;

 private:
  std::string host() {
    return "h" + std::to_string(random.below(5)) + (random.chance(0.5) ? ".x" : ".y");
  }

  std::string hostless() { return "VirtualDestination shop/h" + std::to_string(random.below(3)); }

  std::shared_ptr<const view::Service> service(const std::string& name,
                                               const std::string& namespace_ = "shop") {
    auto made = std::make_shared<view::Service>();
    made->cluster = random.chance(0.7) ? "east" : "west";
    made->namespace_ = namespace_;
    made->name = name;
    made->labels = labels();
    made->ports = {{"http", 80, "", 8080, ""}};
    made->endpoints = endpoints(made->cluster);
    return made;
  }
  std::vector<view::Endpoint> endpoints(const std::string& cluster) {
    std::vector<view::Endpoint> made;
    for (auto n = random.below(3); n > 0; --n) {
      auto& endpoint = made.emplace_back();
      endpoint.ip = base::IpAddress::parse("10.0.0." + std::to_string(1 + random.below(9))).value();
      endpoint.traits = std::make_shared<const view::Traits>(
          view::Traits{cluster, {}, {{"http", 8080}}, {}, {}, labels()});
    }
    return made;
  }
  base::Labels labels() {
    return random.chance(0.5) ? base::Labels{{"v", random.chance(0.5) ? "1" : "2"}}
                              : base::Labels{};
  }
  std::shared_ptr<const view::Destination> destination(const std::string& name) {
    auto made = std::make_shared<view::Destination>();
    made->host = name;
    made->defined_by = "Service shop/" + name;
    made->namespace_ = "shop";
    made->name = name.substr(name.find('/') + 1, 2);
    made->services = {service(made->name)};
    if (!made->has_host() || random.chance(0.4))
      made->kind = view::Destination::Kind::virtual_destination;
    if (made->has_host() && random.chance(0.2)) {
      made->kind = view::Destination::Kind::virtual_destination;
      made->name = resources::external_alias(made->name);
    }
    made->cluster = made->services.front()->cluster;
    made->labels = made->services.front()->labels;
    made->headless = random.chance(0.1);
    made->ports = {{80, "http", "HTTP", "", 0}};
    if (random.chance(0.3)) made->ports.push_back({81, "db", "TCP", "", 0});
    if (random.chance(0.3)) made->ports.push_back({82, "web", "HTTP", "http", 0});
    if (random.chance(0.3)) made->door.kind = view::Door::Kind::forwarder;
    return made;
  }
  // Only those: what all but the look of a destination is.
  void change_endpoints() {
    if (destinations.empty()) return;
    auto& [_, one] =
        *std::next(destinations.begin(), static_cast<long>(random.below(destinations.size())));
    auto services = std::make_shared<view::Service>(*one->services.front());
    services->endpoints = endpoints(services->cluster);
    auto next = std::make_shared<view::Destination>(*one);
    next->services = {std::move(services)};
    one = std::move(next);
  }

  resources::DestinationRef reference() {
    auto ref = service_ref();
    const resources::DestinationKind kinds[] = {resources::DestinationKind::service,
                                                resources::DestinationKind::virtual_destination,
                                                resources::DestinationKind::external_service};
    if (random.chance(0.5)) ref.kind = kinds[random.below(3)];
    if (random.chance(0.2)) ref.subset = {{"v", "1"}};
    if (random.chance(0.2)) ref.ref.cluster = random.chance(0.5) ? "east" : "west";
    return ref;
  }
  resources::DestinationRef service_ref() {
    if (random.chance(0.8)) return scene::service("h" + std::to_string(random.below(6)));
    auto ref = scene::service("hidden");
    ref.ref.namespace_ = "kube-system";
    return ref;
  }
  resources::HttpRoute some_route() {
    const char* paths[] = {"/to", "/says", "/", "/down/to"};
    auto made = route({prefix(paths[random.below(4)])}, says(std::to_string(random.below(9))));
    made.labels = labels();
    if (random.chance(0.6)) {
      resources::ForwardTo forward;
      forward.destinations = {reference()};
      if (random.chance(0.3)) forward.destinations.push_back(reference());
      made.action = std::move(forward);
    } else if (random.chance(0.4)) {
      resources::Delegate delegate;
      auto& selector = delegate.tables.emplace_back();
      if (random.chance(0.5))
        selector.name = "child" + std::to_string(random.below(3));
      else
        selector.labels = {{"v", random.chance(0.5) ? "1" : "2"}};
      made.action = std::move(delegate);
    }
    return made;
  }
  void change_table() {
    auto pointers = documents.route_tables.pointers();
    const bool is_root = random.chance(0.6);
    const auto name = (is_root ? "root" : "child") + std::to_string(random.below(3));
    std::erase_if(pointers, [&](const auto& one) { return one->metadata.name == name; });
    if (random.chance(0.8)) {
      std::vector<std::string> hosts;
      if (is_root) hosts = {random.chance(0.2) ? "*.x" : host()};
      if (is_root && random.chance(0.3)) hosts.push_back(host());
      std::vector<resources::HttpRoute> routes;
      for (auto n = 1 + random.below(3); n > 0; --n) routes.push_back(some_route());
      auto made = table(name, hosts, routes);
      made.metadata.labels = labels();
      if (random.chance(0.3)) made.workload_selectors.resize(1);
      for (auto& selector : made.workload_selectors) selector.name = "h1";
      pointers.push_back(std::make_shared<const resources::RouteTable>(std::move(made)));
    }
    documents.route_tables = {};
    for (auto& one : pointers) documents.route_tables.push_back(std::move(one));
  }
  void change_policy() {
    auto& policies = documents.header_manipulation_policies;
    const auto name = "p" + std::to_string(random.below(2));
    erase_if(policies, [&](const auto& one) { return one.metadata.name == name; });
    if (random.chance(0.3)) return;
    resources::HeaderManipulationPolicy policy;
    policy.metadata.name = name;
    policy.metadata.namespace_ = "shop";
    auto& selector = policy.routes.emplace_back();
    selector.route.labels = labels();
    if (random.chance(0.5)) {
      auto& destination = selector.with_destinations.emplace();
      destination.object.labels = {{"v", "1"}};
    }
    policy.request.append.push_back({"x-by", name, {}});
    policies.push_back(std::move(policy));
  }

  void change_balancer() {
    auto& policies = documents.load_balancer_policies;
    const auto name = "b" + std::to_string(random.below(2));
    erase_if(policies, [&](const auto& one) { return one.metadata.name == name; });
    if (random.chance(0.3)) return;
    resources::LoadBalancerPolicy policy;
    policy.metadata.name = name;
    policy.metadata.namespace_ = "shop";
    if (random.chance(0.7)) policy.destinations.emplace_back().object.labels = labels();
    policies.push_back(std::move(policy));
  }

  std::shared_ptr<const view::Service> hidden;  // that no zone names
  bool silent = false, synced = true;
  view::Resolver resolver;
};

std::string describe(const Upstream& upstream) {
  auto text = upstream.name;
  if (upstream.policy) text += " by " + upstream.policy->policies.front();
  for (const auto& tier : upstream.tiers) {
    text += " | " + tier.name;
    for (const auto& member : tier.members)
      text += ' ' + member.address.to_string() + (member.stale ? "?" : "");
  }
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
      for (const char* path : {"/", "/to", "/says", "/down/to/to"})
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
            if (decision.treatment) text += " by " + decision.treatment->policies.front();
            text += '\n';
          }
  return text;
}

const ForwarderConfig kConfig{
    "east", {base::IpAddress::parse("127.0.0.9").value()}, Others::may_be_heard};

}  // namespace

TEST_CASE("from table to table is the same as each table alone") {
  const auto seed = GENERATE(range(1, 9));
  Changing mesh(static_cast<std::uint64_t>(seed));
  KeptTable kept;
  for (int step = 0; step < 300; ++step) {
    for (auto changes = 1 + mesh.random.below(2); changes > 0; --changes) mesh.change();
    mesh.resolve();
    KeptTable nothing;
    const auto incremental = describe(compile(mesh.documents, *mesh.resolution, kConfig, kept));
    const auto alone = describe(compile(mesh.documents, *mesh.resolution, kConfig, nothing));
    INFO("seed " << seed << ", step " << step);
    REQUIRE(incremental == alone);
  }
}

TEST_CASE("a route that is kept follows its external service to other hosts and ports") {
  Mesh mesh;
  const auto alias = resources::external_alias("auth");
  mesh.has("east", alias, {"192.0.2.1"}).has_virtual("a.example", alias);
  resources::ForwardTo forward;
  forward.destinations = {virtual_destination("auth")};
  forward.destinations[0].kind = resources::DestinationKind::external_service;
  forward.destinations[0].port = {};  // the only one
  const resources::SharedList<resources::RouteTable> tables{
      table("one", {"h"}, {route({}, forward)})};
  const auto upstream = [&] {
    const auto compiled = mesh.compile(tables);
    const auto decision = decide(*compiled.table, Incoming("GET", "h", "/"));
    const auto* to = std::get_if<Forward>(&decision.action);
    return to ? describe(*to->upstream) : std::get<Reply>(decision.action).body;
  };
  CHECK(upstream() == "a.example:80 | own cluster 192.0.2.1:8080");
  mesh.loses_virtual("a.example").has_virtual("b.example", alias, 81);
  CHECK(upstream() == "b.example:81 | own cluster 192.0.2.1:8080");
  mesh.loses_virtual("b.example");
  CHECK(upstream().find("ExternalService shop/auth is not known here") != std::string::npos);
}

TEST_CASE("what does not change is the same object in the next table") {
  Mesh mesh;
  mesh.has("east", "a", {"10.0.0.1"}).has("east", "b", {"10.0.0.2"}).has("east", "c", {});
  mesh.has_virtual("a.example", "a");
  auto one = table("one", {"a.example"}, {route({prefix("/")}, to("a"))});
  resources::SharedList<resources::RouteTable> tables{
      one, table("two", {"two.example"}, {route({prefix("/")}, to("b"))})};
  const auto routes_of = [](const Compiled& compiled, const char* host) {
    return compiled.table->routes->find(Incoming("GET", host, "/").value)->routes;
  };
  const auto before = mesh.compile(tables);

  SECTION("routes, when endpoints do") {
    mesh.service("east", "a").endpoints.clear();
    const auto after = mesh.compile(tables);
    CHECK(after.table->routes->named->list() == before.table->routes->named->list());
    CHECK(after.table->routes->plain == before.table->routes->plain);
    CHECK(decide(*before.table, Incoming("GET", "a.example", "/")).route == "shop/one[0]");
    const auto decision = decide(*after.table, Incoming("GET", "a.example", "/"));
    CHECK(std::get<Forward>(decision.action).upstream->tiers.empty());
  }
  SECTION("routes of a table, when another does") {
    resources::SharedList<resources::RouteTable> next;
    next.push_back(tables.pointers()[0]);
    next.push_back(table("two", {"two.example"}, {route({prefix("/")}, to("c"))}));
    const auto after = mesh.compile(next);
    CHECK(routes_of(after, "a.example") == routes_of(before, "a.example"));
    CHECK(routes_of(after, "two.example") != routes_of(before, "two.example"));
  }
  SECTION("routes, when a destination changes that none of theirs is") {
    mesh.has("east", "d", {"10.0.0.4"});
    const auto after = mesh.compile(tables);
    CHECK(routes_of(after, "a.example") == routes_of(before, "a.example"));
    CHECK(routes_of(after, "two.example") == routes_of(before, "two.example"));
  }
}
