#include "tests/sim/weather.hpp"

#include "tests/sim/agent_faults.hpp"
#include "tests/sim/leaf_faults.hpp"
#include "tests/sim/link_faults.hpp"
#include "tests/sim/meddling.hpp"
#include "tests/sim/source_faults.hpp"

namespace sim {
namespace {

using namespace std::chrono_literals;

// In calm weather: a direct link brings what is new by itself, others are asked for it.
constexpr base::Duration kDirectBound = 1s, kRelayedBound = 8s, kToLeaf = 1s;
constexpr std::size_t kLeaves = 2;

class Weather {
 public:
  explicit Weather(Mesh& mesh)
      : mesh_(mesh), links_(mesh), agents_(mesh), sources_(mesh), meddling_(mesh), leaves_(mesh) {
    for (std::size_t n = 0; n < mesh.clusters().size(); ++n) replicated_ |= mesh.has_siblings(n);
  }

  void brew() {
    const auto faults = kLeastFaults + mesh_.random().below(30);
    for (std::size_t n = 0; n < faults; ++n) {
      const auto ms = 5'000 + mesh_.random().below(190'000);
      mesh_.after(std::chrono::milliseconds(ms), [this] { strike(); });
    }
    for (auto at = 1s; at < kLength; at += 1s)
      mesh_.after(at, [this] {
        for (std::size_t n = 0; n < mesh_.clusters().size(); ++n) mesh_.check_reach(n);
      });
    mesh_.after(kCalm, [this] { calm(); });
    mesh_.after(kSettled, [this] {
      mesh_.truth().settled();
      watch_flow();
    });
    if (replicated_) watch_replicas();
    leaves_.brew();
    mesh_.after(kQuiet, [this] { mesh_.changing = false; });
  }

 private:
  void strike() {
    ++mesh_.faults;
    switch (mesh_.random().below(replicated_ ? 27 : 23)) {
      case 0:
        return links_.reset();
      case 1:
        return links_.black_hole();
      case 2:
        return links_.partition();
      case 3:
        return links_.one_way();
      case 4:
        return links_.latency_spike();
      case 5:
        return links_.loss();
      case 6:
        return links_.slow_reader();
      case 7:
        return links_.second_link();
      case 8:
        return links_.replay();
      case 9:
        return agents_.crash();
      case 10:
        return agents_.crash_of_cluster();
      case 11:
        return agents_.mass_restart();
      case 12:
        return agents_.goodbye();
      case 13:
        return agents_.stall();
      case 14:
        return agents_.endpoints_die();
      case 15:
        return agents_.burst();
      case 16:
        return agents_.noise();
      case 17:
        return links_.pair();
      case 18:
        return meddling_.flip_bits();
      case 19:
        return sources_.misread();
      case 20:
        return sources_.lose();
      case 21:
        return sources_.scale_down();
      case 23:
      case 24:
        return agents_.get_stuck();
      case 25:
      case 26:
        return agents_.roll();
      default:
        return meddling_.hostile_relay();
    }
  }
  void calm() {
    mesh_.note("calm");
    for (std::size_t n = 0; n < mesh_.clusters().size(); ++n) {
      auto& cluster = mesh_.clusters()[n];
      cluster.answering = {cluster.endpoints.begin(), cluster.endpoints.end()};
      mesh_.start(n);
    }
  }
  // One may be noisy until the end of all changes; what the others say must get through.
  void watch_flow() {
    const auto noisy = mesh_.any();
    if (mesh_.random().chance(0.5)) agents_.noise(noisy, 6s);
    for (auto at = 1s; kSettled + at < kQuiet; at += 1s)
      mesh_.after(at, [this, noisy] { check_flow(noisy); });
    for (auto at = 1s; kSettled + at < kLength; at += 1s)
      mesh_.after(at, [this] { mesh_.check_leaves(); });
  }
  void watch_replicas() {
    mesh_.after(1s, [this] {
      mesh_.check_replicas();
      watch_replicas();
    });
  }
  void check_flow(std::size_t noisy) {
    for (std::size_t viewer = 0; viewer < mesh_.clusters().size(); ++viewer)
      for (std::size_t of = 0; of < mesh_.agents(); ++of)
        if (viewer != of)
          mesh_.check_flow(viewer, of,
                           mesh_.are_siblings(of, noisy)  ? kLength
                           : mesh_.is_leaf(viewer)        ? kRelayedBound + kToLeaf
                           : mesh_.joined(viewer, of, 5s) ? kDirectBound
                                                          : kRelayedBound);
  }

  Mesh& mesh_;
  bool replicated_ = false;
  LinkFaults links_;
  AgentFaults agents_;
  SourceFaults sources_;
  Meddling meddling_;
  LeafFaults leaves_;
};

}  // namespace

namespace {

// In every third run some clusters have two or three agents.
std::vector<discovery::OriginId> agents_of(std::uint64_t seed) {
  const auto chance = base::Random(seed).below(2);
  std::vector<std::uint32_t> replicas(5 + chance, 1);
  if (seed % 3 == 0)
    replicas =
        chance ? std::vector<std::uint32_t>{2, 1, 3} : std::vector<std::uint32_t>{2, 2, 1, 1};
  std::vector<discovery::OriginId> agents;
  for (std::size_t cluster = 0; cluster < replicas.size(); ++cluster)
    for (std::uint32_t replica = 0; replica < replicas[cluster]; ++replica)
      agents.push_back({std::string(1, static_cast<char>('a' + cluster)), replica});
  return agents;
}

}  // namespace

Outcome run(std::uint64_t seed, std::function<void(const std::string&)> transcript) {
  Mesh mesh(seed, agents_of(seed), kLeaves);
  mesh.transcript = std::move(transcript);
  const auto start = mesh.now();
  Weather weather(mesh);
  weather.brew();
  mesh.run_until(start + kLength);
  for (std::size_t n = 0; n < mesh.clusters().size(); ++n) mesh.check_converged(n);
  return {mesh.truth().violations(), mesh.frames, mesh.faults};
}

}  // namespace sim
