// own_hosts HOSTS [routed]: what a change costs, stage by stage, in a file of 100 among so many
// hosts of the agent's own, of which a virtual destination selects one and a route table names one
// where they are `routed`: processor time of one thread, from the text that was read to the tables.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "agent/alone.hpp"
#include "agent/document_store.hpp"
#include "agent/local_rows.hpp"
#include "agent/settings.hpp"
#include "discovery/assemble.hpp"
#include "discovery/node.hpp"
#include "dns/table_builder.hpp"
#include "tests/bench/processor.hpp"

namespace {

constexpr std::size_t kInAFile = 100;

std::string file_of(std::size_t first, bool ready) {
  std::string text;
  for (auto n = first; n < first + kInAFile; ++n) {
    const auto rest = std::to_string(n >> 8) + "." + std::to_string(n & 255);
    text += "---\nservice: host" + std::to_string(n) + "\nport: 8080\nendpoints: [10.9." + rest +
            (n == first && !ready ? ", {address: 10.8." + rest + ", ready: false}]\n"
                                  : ", 10.8." + rest + "]\n");
  }
  return text;
}

constexpr const char* kRouted = R"(apiVersion: networking.gloo.solo.io/v2
kind: VirtualDestination
metadata: {name: web}
spec: {hosts: [web.mesh.internal], services: [{name: host7}], ports: [{number: 8080}]}
---
apiVersion: networking.gloo.solo.io/v2
kind: RouteTable
metadata: {name: host8}
spec:
  hosts: [host8.default.mesh.internal]
  http: [{forwardTo: {destinations: [{ref: {name: host8}, port: {number: 8080}}]}}]
)";

}  // namespace

int main(int count, char** arguments) {
  bench::Laps laps;
  const auto hosts = static_cast<std::size_t>(std::atol(arguments[1]));
  std::vector<resources::File> files;
  for (std::size_t first = 0; first < hosts; first += kInAFile)
    files.push_back({"hosts" + std::to_string(first) + ".yaml", file_of(first, true)});
  if (count > 2) files.push_back({"routed.yaml", kRouted});

  agent::Config config;
  config.cluster = "east";
  config.dns.zones = {"mesh.internal"};
  config.forwarder.listen = {base::IpAddress::v4(0x7f000001)};

  const base::TimePoint at{std::chrono::hours(1)};
  discovery::NodeConfig node_config;
  node_config.self = {"east", 0};
  discovery::Node node(node_config, base::Random(1), at);
  node.local_ready(at);
  agent::DocumentStore store;
  agent::Rehearsal rehearsal;
  agent::LocalRows local;
  discovery::Assembler assembler;
  discovery::view::Resolver resolver;
  dns::TableBuilder tables;
  forwarder::KeptTable kept;
  auto rules = assembly_rules(config);
  for (int round = 0; round < 4; ++round) {
    std::printf("round %d\n", round);
    files[files.size() / 2].text = file_of(hosts / 2, round % 2 == 0);
    auto copy = files;
    laps.start();
    auto documents = store.accept(std::move(copy), {});
    laps.lap("documents, not judged");
    rehearsal.errors(config, documents->documents, agent::others_of(config));
    laps.lap("the judgement");
    auto rows =
        local.update(documents->documents, config.role, export_rule(config), config.locality);
    laps.lap("rows");
    rules.home = rows.home;
    node.change_local(at, "files", std::move(rows.changes));
    auto publication = node.publication(at);
    laps.lap("control");
    auto view = assembler.assemble(*publication, rules, static_cast<std::uint64_t>(round + 1));
    laps.lap("assemble");
    auto resolved = resolver.resolve(std::move(view));
    laps.lap("resolve");
    auto dns = tables.build(resolved, zone_config(config));
    laps.lap("dns table");
    auto compiled =
        forwarder::compile(documents->documents, *resolved, forwarder_config(config), kept);
    laps.lap("forwarder table");
  }
}
