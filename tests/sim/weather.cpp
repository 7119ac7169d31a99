#include "tests/sim/weather.hpp"

#include <algorithm>

namespace sim {
namespace {

using Reason = discovery::Goodbye::Reason;
using namespace std::chrono_literals;

class Weather {
 public:
  explicit Weather(Mesh& mesh) : mesh_(mesh) {}

  void brew() {
    const auto faults = kLeastFaults + mesh_.random().below(30);
    for (std::size_t n = 0; n < faults; ++n) {
      const auto ms = 5'000 + mesh_.random().below(190'000);
      mesh_.after(std::chrono::milliseconds(ms), [this] { strike(); });
    }
    mesh_.after(kCalm, [this] { calm(); });
    mesh_.after(kQuiet, [this] { mesh_.changing = false; });
  }

 private:
  void strike() {
    ++mesh_.faults;
    switch (mesh_.random().below(13)) {
      case 0:
        return mesh_.reset(any_link());
      case 1:
        return black_hole();
      case 2:
        return partition();
      case 3:
        return one_way();
      case 4:
        return crash(seconds(0.1, 30));
      case 5:
        return crash_of_cluster();
      case 6:
        return goodbye();
      case 7:
        return mesh_.pause(any(), seconds(1, 8));
      case 8:
        return slow_reader();
      case 9:
        return second_link();
      case 10:
        return mesh_.replay_after_reconnect(any_link());
      case 11:
        return endpoints_die();
      default:
        return burst();
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
  base::Duration seconds(double low, double high) {
    return base::Duration(
        static_cast<std::int64_t>((low + (high - low) * mesh_.random().unit()) * 1e9));
  }
  std::size_t any() { return mesh_.random().below(mesh_.clusters().size()); }
  discovery::LinkId any_link() {
    if (mesh_.wires().empty()) return 0;
    auto at = mesh_.wires().begin();
    std::advance(at, static_cast<std::ptrdiff_t>(mesh_.random().below(mesh_.wires().size())));
    return at->first;
  }

  void black_hole() {
    const auto link = any_link();
    mesh_.note("link " + std::to_string(link) + " swallows frames");
    mesh_.swallow(link, mesh_.random().below(2));
    mesh_.after(seconds(1, 25), [this, link] { mesh_.reset(link); });
  }
  // Blocks the ways from one side to the other; links across break at once or only fall silent.
  void cut(const std::vector<std::pair<std::size_t, std::size_t>>& ways, base::Duration time) {
    const bool data = mesh_.random().chance(0.5), broken = mesh_.random().chance(0.4);
    std::vector<discovery::LinkId> across;
    for (const auto& [from, to] : ways) {
      mesh_.block(from, to, 1);
      if (data) mesh_.block_data(from, to, 1);
      for (auto& [id, wire] : mesh_.wires()) {
        const bool forth = wire.from == from && wire.to == to,
                   back = wire.from == to && wire.to == from;
        if (!forth && !back) continue;
        wire.ways[forth ? 0 : 1].hole = true;
        across.push_back(id);
      }
    }
    if (broken)
      for (const auto id : across) mesh_.reset(id);
    mesh_.after(time, [this, ways, data, across] {
      for (const auto& [from, to] : ways) {
        mesh_.block(from, to, -1);
        if (data) mesh_.block_data(from, to, -1);
      }
      for (const auto id : across) mesh_.after(seconds(0, 3), [this, id] { mesh_.reset(id); });
    });
  }
  void partition() {
    std::vector<std::pair<std::size_t, std::size_t>> ways;
    std::vector<bool> side(mesh_.clusters().size());
    std::string line = "partition:";
    for (std::size_t n = 0; n < side.size(); ++n) {
      side[n] = mesh_.random().chance(0.5);
      if (side[n]) line += " " + mesh_.clusters()[n].name;
    }
    for (std::size_t a = 0; a < side.size(); ++a)
      for (std::size_t b = 0; b < side.size(); ++b)
        if (side[a] != side[b]) ways.emplace_back(a, b);
    mesh_.note(line);
    cut(ways, seconds(1, 40));
  }
  void one_way() {
    const auto a = any(), b = any();
    if (a == b) return;
    mesh_.note("nothing gets from " + mesh_.clusters()[a].name + " to " + mesh_.clusters()[b].name);
    cut({{a, b}}, seconds(1, 40));
  }
  void crash(base::Duration time) {
    const auto n = any();
    mesh_.kill(n);
    come_back(n, time);
  }
  void come_back(std::size_t n, base::Duration time) {
    if (mesh_.random().chance(0.3)) mesh_.clusters()[n].disk = 0;
    // Sources go on while nobody publishes them.
    mesh_.after(time / 2, [this, n] {
      if (!mesh_.clusters()[n].process) mesh_.change_rows(n, 5);
    });
    mesh_.after(time, [this, n] { mesh_.start(n); });
  }
  void crash_of_cluster() {
    const auto n = any();
    mesh_.clusters()[n].answering.clear();
    mesh_.note("the endpoints of " + mesh_.clusters()[n].name + " die");
    mesh_.kill(n);
    come_back(n, seconds(5, 50));
  }
  void goodbye() {
    const auto n = any();
    mesh_.leave(n, mesh_.random().chance(0.5) ? Reason::returning : Reason::leaving);
    mesh_.after(seconds(1, 2), [this, n] {
      if (!mesh_.clusters()[n].process) come_back(n, seconds(1, 30));
    });
  }
  void slow_reader() {
    const auto n = any();
    mesh_.note(mesh_.clusters()[n].name + " reads slowly");
    mesh_.slow_reader[n] = seconds(0.05, 0.6);
    mesh_.after(seconds(5, 20), [this, n] { mesh_.slow_reader[n] = {}; });
  }
  void second_link() {
    const auto a = any(), b = any();
    if (a == b) return;
    mesh_.note(mesh_.clusters()[a].name + " dials " + mesh_.clusters()[b].name + " again");
    mesh_.dial(a, b);
  }
  void endpoints_die() {
    const auto n = any();
    auto& cluster = mesh_.clusters()[n];
    cluster.answering.clear();
    if (mesh_.random().chance(0.5)) cluster.answering.insert(cluster.endpoints.front());
    mesh_.after(seconds(2, 30), [this, n] {
      auto& again = mesh_.clusters()[n];
      again.answering = {again.endpoints.begin(), again.endpoints.end()};
    });
  }
  void burst() {
    const auto n = any();
    const auto& process = mesh_.clusters()[n].process;
    if (process && process->paused_until <= mesh_.now()) mesh_.change_rows(n, 100);
  }

  Mesh& mesh_;
};

}  // namespace

Outcome run(std::uint64_t seed, std::function<void(const std::string&)> transcript) {
  const std::size_t clusters = 5 + base::Random(seed).below(2);
  Mesh mesh(seed, clusters);
  mesh.transcript = std::move(transcript);
  const auto start = mesh.now();
  Weather weather(mesh);
  weather.brew();
  mesh.run_until(start + kLength);
  for (std::size_t n = 0; n < clusters; ++n) {
    auto& process = mesh.clusters()[n].process;
    if (!process)
      mesh.truth().violated(Truth::name(n) + " does not run in the end");
    else
      mesh.truth().converged(mesh.now(), n, *process->node);
  }
  return {mesh.truth().violations(), mesh.frames, mesh.faults};
}

}  // namespace sim
