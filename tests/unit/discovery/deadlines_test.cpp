// When the next of many is due: found without looking at all of them, and never too late.
#include "discovery/membership.hpp"

#include "discovery/row.hpp"

#include <catch2/catch.hpp>

using namespace discovery;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kLife = std::uint64_t{1} << 32;

// Four origins that are heard, doubted, probed and lost by chance; a and a/1 serve one cluster. Too
// few for this agent to take itself to be cut off.
struct Crowd {
  explicit Crowd(std::uint64_t seed) : random(seed) {
    config.self = {"self", 0};
    config.forget_after = 200s;
    for (std::uint32_t n = 0; n < origins.size(); n += 2) {  // two of them have what can be probed
      EndpointRow row{"apps", "web", "w", {}};
      row.ip = base::IpAddress::v4(10u << 24 | n);
      row.traits.ports = {{"http", 80}};
      auto encoded = encode(row);
      const std::vector<Row> rows = {{std::move(encoded.key), 1, std::move(encoded.value), false}};
      catalog.restore(origins[n], {kLife, 1}, Rows().with(rows));
    }
  }

  const OriginId& one() { return origins[random.below(origins.size())]; }
  void something_happens() {
    Effects effects;
    const auto& origin = one();
    switch (random.below(12)) {
      case 0:
        membership.link_reset(origin, effects);
        break;
      case 1:
        membership.goodbye(now, origin, Goodbye::Reason::returning, effects);
        break;
      case 2:
        membership.is_news(origin);
        break;
      case 3:
        membership.remember(now, origin, kLife, false);
        break;
      case 4:
        membership.forgive(2s);
        break;
      case 5:
        choice.choose("a", {{0, State(random.below(5)), false, true, false, false, true},
                            {1, State(random.below(5)), false, true, false, false, true}});
        for (const auto& of : origins)
          if (of.cluster == "a") membership.touch(of);
        break;
      case 6:
      case 7:
        if (asked.empty()) break;
        answer(asked.back(), random.chance(0.5), effects);
        asked.pop_back();
        break;
      default:
        ++sequence;
        membership.heard(now, {origin, {kLife + sequence / 40, 1}, sequence, {}, {}},
                         random.chance(0.6) ? origin : one(), effects);
    }
  }
  void answer(const ProbeRequest& request, bool alive, Effects& effects) {
    ProbeReply reply{request.id, {}, {}};
    (alive ? reply.alive : reply.failed) = request.targets;
    membership.probed(now, reply, effects);
  }
  void tick() {
    Effects effects;
    membership.advance(now, choice, effects);
    asked.insert(asked.end(), effects.probes.begin(), effects.probes.end());
  }
  // Whether anything would come of a tick at `time`.
  bool is_due(base::TimePoint time) const {
    auto its = membership;
    Effects effects;
    const bool forgets = !its.advance(time, choice, effects).empty();
    return forgets || !effects.events.empty() || !effects.probes.empty();
  }

  using State = Member::State;
  base::Random random;
  NodeConfig config;
  Catalog catalog{16};
  Membership membership{config, catalog, base::Random(3)};
  ReplicaChoice choice;
  const std::vector<OriginId> origins = {{"a", 0}, {"a", 1}, {"b", 0}, {"c", 0}};
  std::vector<ProbeRequest> asked;
  base::TimePoint now{1h};
  std::uint64_t sequence = 0;
};

}  // namespace

TEST_CASE("before its deadline nothing is due of anybody, and a tick leaves nothing due",
          "[discovery]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Crowd crowd(seed);
    for (int step = 0; step < 400; ++step) {
      crowd.now += base::Duration(static_cast<std::int64_t>(crowd.random.below(1'500)) * 1'000'000);
      crowd.something_happens();
      const auto due = crowd.membership.deadline(crowd.choice);
      INFO("seed " << seed << ", step " << step);
      if (due > crowd.now) REQUIRE_FALSE(crowd.is_due(due - 1ns));
      if (due > crowd.now || crowd.random.chance(0.5)) continue;
      crowd.tick();
      REQUIRE(crowd.membership.deadline(crowd.choice) > crowd.now);
    }
  }
}
