// scripts/bench gossip-scale [--clusters N] [--json FILE]: whole meshes of real nodes over 19
// cities on virtual time (wan.hpp), and one agent that takes in a million endpoints on the real
// processor; each figure beside its target in issue 3. With --clusters a mesh of so many alone.
//
// What is modelled and what is real. 64 agents and 500: a full mesh of nodes, 16 rows each; how
// many rows an origin has does not enter delays or the bytes of a change. What one of 500 costs is
// measured on the first eight: payload, and processor time with protobuf but without gRPC and TLS.
// A million endpoints: one real node that takes 63 origins of 16,000 rows, one after the other,
// encoded and decoded as on the wire; its heap and its processor time are measured. The same of 499
// of 200.
#include <malloc.h>

#include <set>
#include <string_view>

#include "tests/bench/real_agent.hpp"
#include "tests/bench/report.hpp"
#include "tests/bench/wan.hpp"

namespace {

using namespace std::chrono_literals;
using bench::ms;
using bench::percentile;
using bench::Report;
using bench::Wan;
using Kind = discovery::Event::Kind;

double heap() {
  const auto in_use = mallinfo2();
  return static_cast<double>(in_use.uordblks + in_use.hblkhd);
}

struct Spread {
  std::vector<double> latencies;
  double copies = 0, single_bytes = 0, proof_bytes = 0, burst_bytes = 0;
};

// `changes` one by one from the first `origins` agents, and the time until each other agent shows
// each, `patience` where one does not; then bursts.
Spread spread(Wan& wan, std::size_t origins, std::size_t changes, base::Duration patience) {
  Spread result;
  std::size_t rows = 0, frames = 0, bytes = 0, proofs = 0, bytes_of_proofs = 0;
  for (std::size_t n = 0; n < changes; ++n) {
    const auto of = wan.random().below(origins);
    std::set<std::size_t> waiting;
    for (std::size_t who = 0; who < wan.size(); ++who)
      if (who != of) waiting.insert(who);
    const auto begun = wan.now();
    discovery::Stamp stamp = wan.agent(of).node->stamp();
    ++stamp.version;
    wan.arrives = [&](std::size_t to, const discovery::Delta& delta, std::size_t size) {
      if (delta.rows.empty()) {
        ++proofs;
        bytes_of_proofs += size;
        return;
      }
      rows += delta.rows.size();
      ++frames;
      bytes += size;
      if (!waiting.contains(to) || !wan.shows(to, of, stamp)) return;
      waiting.erase(to);
      result.latencies.push_back(ms(wan.now() - begun));
    };
    wan.change(of, 1);
    if (wan.agent(of).node->stamp() != stamp) continue;  // the row was written as it was
    wan.run(patience);
    for (std::size_t left = 0; left < waiting.size(); ++left)
      result.latencies.push_back(ms(patience));
  }
  const auto receivers = static_cast<double>(wan.size() - 1);
  result.copies = static_cast<double>(rows) * static_cast<double>(wan.size() - 1) /
                  static_cast<double>(result.latencies.size()) / receivers;
  result.single_bytes = static_cast<double>(bytes) / static_cast<double>(frames);
  if (proofs > 0)
    result.proof_bytes = static_cast<double>(bytes_of_proofs) / static_cast<double>(proofs);
  rows = bytes = 0;
  wan.arrives = [&](std::size_t, const discovery::Delta& delta, std::size_t size) {
    rows += delta.rows.size();
    bytes += size;
  };
  for (int n = 0; n < 50; ++n) {
    wan.change(0, 16);
    wan.run(20ms);
  }
  wan.run(2s);
  result.burst_bytes = static_cast<double>(bytes) / static_cast<double>(rows);
  wan.arrives = {};
  return result;
}

// What an agent costs in a second, measured on the first of them.
constexpr std::size_t kMeasured = 8;
struct Cost {
  double sent = 0, received = 0, busy = 0;  // B, B, s
};
Cost measure(Wan& wan, base::Duration time) {
  const auto seconds = std::chrono::duration<double>(time).count() * kMeasured;
  for (std::size_t n = 0; n < kMeasured; ++n)
    wan.agent(n).bytes_sent = wan.agent(n).bytes_received = 0, wan.agent(n).busy = {};
  wan.measured = kMeasured;
  wan.run(time);
  wan.measured = 0;
  Cost cost;
  for (std::size_t n = 0; n < kMeasured; ++n) {
    cost.sent += static_cast<double>(wan.agent(n).bytes_sent) / seconds;
    cost.received += static_cast<double>(wan.agent(n).bytes_received) / seconds;
    cost.busy += std::chrono::duration<double>(wan.agent(n).busy).count() / seconds;
  }
  return cost;
}

void show(Report& report, Spread& spread, bool lossy) {
  if (lossy) {
    report.at_most("change -> all agents at 1 % loss, p50", percentile(spread.latencies, 0.5), 0,
                   "ms");
    report.at_most("change -> all agents at 1 % loss, p99", percentile(spread.latencies, 0.99), 800,
                   "ms");
    report.at_most("change -> all agents at 1 % loss, last", percentile(spread.latencies, 1), 0,
                   "ms");
    return;
  }
  report.at_most("change -> all agents, p50", percentile(spread.latencies, 0.5), 80, "ms");
  report.at_most("change -> all agents, p99", percentile(spread.latencies, 0.99), 200, "ms");
  report.at_most("change -> all agents, last", percentile(spread.latencies, 1), 400, "ms");
  report.at_most("payload of a copy of a single change", spread.single_bytes, 150, "B");
  report.at_most("payload of a proof that follows, each 20 s at most", spread.proof_bytes, 0, "B");
  report.at_most("payload of a copy of a change in bursts of 16", spread.burst_bytes, 60, "B");
  report.at_most("copies of a change that an agent receives", spread.copies, 1.1, "");
}

// How the others take the end of eight agents, one after the other, at different times after the
// last beacon of each.
void death(Report& report, bool with_reset) {
  constexpr std::size_t kAgents = 64, kDeaths = 8;
  Wan wan(7);
  wan.build(kAgents, 16);
  wan.run(10s);
  std::vector<double> suspect, demoted;
  std::map<std::string, bench::Clock> died;
  wan.notes = [&](std::size_t, const discovery::Event& event) {
    const auto at = died.find(event.origin.cluster);
    if (at == died.end()) return;
    if (event.kind == Kind::suspect) suspect.push_back(ms(wan.now() - at->second));
    if (event.kind == Kind::demoted) demoted.push_back(ms(wan.now() - at->second));
  };
  for (std::size_t n = 0; n < kDeaths; ++n) {
    died["c00" + std::to_string(n)] = wan.now();
    wan.kill(n, with_reset);
    wan.run(1'130ms);
  }
  wan.run(10s);
  const std::string how = with_reset ? "links reset: " : "silence: ";
  std::printf("  (%zu suspicions, %zu demotions)\n", suspect.size(), demoted.size());
  report.at_most("dead cluster, " + how + "suspect p99", percentile(suspect, 0.99),
                 with_reset ? 0 : 3'500, "ms");
  report.at_most("dead cluster, " + how + "demoted p99", percentile(demoted, 0.99), 0, "ms");
  report.at_most("dead cluster, " + how + "demoted after suspect, p99",
                 percentile(demoted, 0.99) - percentile(suspect, 0.99), 1'500, "ms");
}

// 5 % loss, stalls of 2 s, partitions of 10 s in which the endpoints still answer.
void trouble(Report& report) {
  Wan wan(9);
  wan.build(64, 16);
  wan.run(10s);
  std::size_t wrong = 0;
  wan.notes = [&](std::size_t, const discovery::Event& event) {
    wrong += event.kind == Kind::demoted || event.kind == Kind::dead ? 1 : 0;
  };
  wan.loss = 0.05;
  for (int n = 0; n < 60; ++n) {
    wan.stall(wan.random().below(64), 2s);
    if (n % 20 == 5) wan.partition(true);
    if (n % 20 == 15) wan.partition(false);
    wan.run(1s);
  }
  report.at_most("wrong demotions in a minute of 5 % loss, stalls, partitions",
                 static_cast<double>(wrong), 0.5, "");
}

void heal(Report& report) {
  Wan wan(11);
  wan.build(64, 16);
  wan.run(10s);
  wan.partition(true);
  wan.run(60s);
  for (std::size_t n = 0; n < 64; ++n) wan.change(n, 4);
  wan.run(1s);
  wan.partition(false);
  const auto begun = wan.now();
  std::set<std::pair<std::size_t, std::size_t>> apart;
  for (std::size_t a = 0; a < 64; ++a)
    for (std::size_t b = 0; b < 64; ++b)
      if ((a < 32) != (b < 32)) apart.emplace(a, b);
  std::vector<double> times;
  while (!apart.empty() && wan.now() - begun < 60s) {
    wan.run(50ms);
    for (auto at = apart.begin(); at != apart.end();) {
      const auto [viewer, of] = *at;
      if (wan.shows(viewer, of, wan.agent(of).node->stamp())) {
        times.push_back(ms(wan.now() - begun));
        at = apart.erase(at);
      } else {
        ++at;
      }
    }
  }
  for (std::size_t left = 0; left < apart.size(); ++left) times.push_back(60'000);
  report.at_most("heal after 60 s of partition: 99 % of pairs agree", percentile(times, 0.99),
                 3'000, "ms");
  report.at_most("heal after 60 s of partition: all agree", percentile(times, 1), 20'000, "ms");
}

// All agents meet in one moment; then nothing happens; then one changes after the other.
void mesh(Report& report, std::size_t agents, std::size_t changes, double most_idle) {
  constexpr auto kStart = 8s;
  Wan wan(agents);
  const auto before = heap();
  wan.build(agents, 16);
  const auto start = measure(wan, kStart);
  const auto times = std::chrono::duration<double>(kStart).count();
  report.at_most("cold start of all at once, an agent: payload sent", start.sent * times / 1e6, 0,
                 "MB");
  report.at_most("cold start of all at once, an agent: payload received",
                 start.received * times / 1e6, 0, "MB");
  report.at_most("cold start of all at once, an agent: processor", start.busy * times, 0, "s");
  const auto idle = measure(wan, 10s);
  report.at_most("idle payload of an agent", idle.sent / 1'000, most_idle, "kB/s");
  report.at_most("idle agent: processor", idle.busy * 100, 0, "%");
  report.at_most("heap of an agent and its share of the model",
                 (heap() - before) / 1e6 / static_cast<double>(agents), 0, "MB");
  auto quiet = spread(wan, agents, changes, 400ms);
  show(report, quiet, false);
  wan.loss = 0.01;
  auto lossy = spread(wan, agents, changes, 2s);
  show(report, lossy, true);
}

}  // namespace

int main(int count, char** arguments) {
  std::string file, clusters;
  for (int at = 1; at + 1 < count; at += 2) {
    if (std::string_view(arguments[at]) == "--json") file = arguments[at + 1];
    if (std::string_view(arguments[at]) == "--clusters") clusters = arguments[at + 1];
  }
  if (count != 1 + (file.empty() ? 0 : 2) + (clusters.empty() ? 0 : 2)) {
    std::fputs("usage: gossip_scale [--clusters N] [--json FILE]\n", stderr);
    return 2;
  }
  if (!clusters.empty() && std::strtoul(clusters.c_str(), nullptr, 10) < kMeasured) {
    std::fputs("gossip_scale: --clusters is a number of 8 or more\n", stderr);
    return 2;
  }
  Report report;
  if (clusters.empty()) {
    report.title("64 clusters, full mesh");
    mesh(report, 64, 60, 5);
    death(report, false);
    death(report, true);
    trouble(report);
    heal(report);
    report.title("one agent, 63 x 16,000 endpoints of others");
    bench::join(report, 63, 16'000);
    bench::rate(report);
    bench::single_changes(report, 100);
    bench::single_changes(report, 10'000);
    report.title("one agent, 499 x 200 endpoints of others");
    bench::join(report, 499, 200);
    clusters = "500";
  }
  report.title((clusters + " clusters, full mesh").c_str());
  mesh(report, std::stoul(clusters), 20, 20);
  return !file.empty() && !report.write("gossip-scale", file.c_str()) ? 1 : 0;
}
