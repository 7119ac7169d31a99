#include "forwarder/weights.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/forwarder/scene.hpp"

using namespace forwarder;

namespace {

using Weights = std::vector<std::optional<std::uint32_t>>;
using Shares = std::vector<std::uint32_t>;
constexpr auto unset = std::nullopt;

Shares of(const Weights& weights) { return shares(weights).value(); }
std::string wrong(const Weights& weights) { return shares(weights).error().message; }

}  // namespace

TEST_CASE("shares add up to 100 and the remainder goes to those without a weight") {
  CHECK(of({50, 25, 25}) == Shares{50, 25, 25});
  CHECK(of({50, 25, unset}) == Shares{50, 25, 25});
  CHECK(of({98, unset, unset}) == Shares{98, 1, 1});
  CHECK(of({unset, unset, unset}) == Shares{34, 33, 33});
  CHECK(of({unset}) == Shares{100});
}

TEST_CASE("an explicit 0 is never, unlike no weight") {
  CHECK(of({0, 100}) == Shares{0, 100});
  CHECK(of({0, unset}) == Shares{0, 100});
}

TEST_CASE("weights that do not add up are errors") {
  CHECK(wrong({50, 50, 25}) == "weights add up to 125, more than 100");
  CHECK(wrong({50, 25}) == "weights add up to 75, not 100");
  CHECK(wrong({50, 50, unset}) ==
        "weights add up to 100 and leave too little for 1 without a weight");
  CHECK(wrong({99, unset, unset}) ==
        "weights add up to 99 and leave too little for 2 without a weight");
  CHECK(wrong({0, 0}) == "weights add up to 0, not 100");
}

TEST_CASE("a request draws its destination by share") {
  scene::Mesh mesh;
  mesh.has("east", "a", {"10.0.0.1"}).has("east", "b", {"10.0.0.2"});
  resources::ForwardTo split;
  split.destinations = {scene::weighing(scene::service("a"), 80), scene::service("b")};
  const auto compiled = mesh.compile({scene::table("main", {"h"}, {scene::route({}, split)})});
  int to_a = 0;
  base::Random random(3);
  for (int i = 0; i < 10'000; ++i) {
    const scene::Incoming request("GET", "h", "/");
    const auto decision = compiled.table->decide(request.value, random);
    to_a += std::get_if<Forward>(&decision.action)->upstream->name == "a.shop.mesh.internal:80";
  }
  CHECK(to_a == Approx(8000).epsilon(0.03));
}

namespace {

struct Avoids final : LoadView {
  std::set<std::string> addresses;
  std::uint32_t active(const Member&) const override { return 0; }
  bool avoid(const Member& member) const override {
    return addresses.contains(member.address.ip.to_string());
  }
  base::TimePoint now() const override { return {}; }
};

}  // namespace

TEST_CASE("a destination whose endpoints have all just failed leaves its share to the others") {
  scene::Mesh mesh;
  mesh.has("east", "a", {"10.0.0.1", "10.0.0.2"}).has("east", "b", {"10.0.0.3"});
  mesh.has("east", "c", {"10.0.0.4"});
  resources::ForwardTo split;
  split.destinations = {scene::weighing(scene::service("a"), 90),
                        scene::weighing(scene::service("b"), 10),
                        scene::weighing(scene::service("c"), 0)};
  const auto compiled = mesh.compile({scene::table("main", {"h"}, {scene::route({}, split)})});
  Avoids load;
  const auto drawn = [&] {
    std::set<std::string> names;
    base::Random random(5);
    for (int n = 0; n < 200; ++n) {
      const scene::Incoming request("GET", "h", "/");
      const auto decision = compiled.table->decide(request.value, random, &load);
      names.insert(std::get<Forward>(decision.action).upstream->name.substr(0, 1));
    }
    return names;
  };
  load.addresses = {"10.0.0.1"};
  CHECK(drawn() == std::set<std::string>{"a", "b"});
  load.addresses = {"10.0.0.1", "10.0.0.2"};
  CHECK(drawn() == std::set<std::string>{"b"});
  load.addresses = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
  CHECK(drawn() == std::set<std::string>{"a", "b"});  // a share of 0 is none even now
}

TEST_CASE("a destination without endpoints leaves its share to the others, but not to a 0") {
  using discovery::view::Health;
  scene::Mesh mesh;
  mesh.has("east", "a", {}).has("east", "b", {"10.0.0.2"}).has("east", "c", {"10.0.0.3"});
  resources::ForwardTo split;
  split.destinations = {scene::weighing(scene::service("a"), 90),
                        scene::weighing(scene::service("b"), 10),
                        scene::weighing(scene::service("c"), 0)};
  const auto table = scene::table("main", {"h"}, {scene::route({}, split)});
  const auto upstreams = [&] {
    const auto compiled = mesh.compile({table});
    std::map<std::string, int> counts;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      const auto decision = scene::decide(*compiled.table, scene::Incoming("GET", "h", "/"), seed);
      ++counts[std::get_if<Forward>(&decision.action)->upstream->name.substr(0, 1)];
    }
    return counts;
  };
  CHECK(upstreams() == std::map<std::string, int>{{"b", 200}});

  SECTION("one with only ill endpoints leaves it, too, while another has healthy ones") {
    mesh.has("east", "a", {"10.0.0.1"});
    mesh.service("east", "a").endpoints[0].health = Health::unhealthy;
    CHECK(upstreams() == std::map<std::string, int>{{"b", 200}});
    mesh.service("east", "b").endpoints[0].health = Health::unhealthy;
    CHECK(upstreams().size() == 2);
  }
  SECTION("when all are empty the request goes to an upstream without tiers") {
    mesh.service("east", "b").endpoints.clear();
    const auto compiled = mesh.compile({table});
    const auto decision = scene::decide(*compiled.table, scene::Incoming("GET", "h", "/"));
    CHECK(std::get_if<Forward>(&decision.action)->upstream->tiers.empty());
  }
}
