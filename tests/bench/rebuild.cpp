// rebuild ORIGINS SERVICES ENDPOINTS: what it costs to make everything that workers read, of so
// many clusters with so many services of their own and so many endpoints in each: at first, and
// again after one endpoint has changed.
#include <charconv>
#include <cstdio>
#include <string_view>

#include "discovery/assemble.hpp"
#include "discovery/node.hpp"
#include "discovery/saved_state.hpp"
#include "dns/table_builder.hpp"
#include "forwarder/compile.hpp"
#include "tests/bench/processor.hpp"
#include "tests/bench/saved_mesh.hpp"

int main(int, char** arguments) {
  bench::Laps laps;
  const auto n = [&](int k) { return static_cast<std::size_t>(std::atol(arguments[k])); };
  std::vector<base::Bytes> files;
  for (std::size_t c = 0; c < n(1); ++c) files.push_back(encode(bench::origin_of(c, n(2), n(3))));
  const base::TimePoint at{std::chrono::hours(1)};
  discovery::NodeConfig config;
  config.self = {"east", 0};
  discovery::Node node(config, base::Random(1), at);
  laps.start();
  discovery::SavedState state;
  for (const auto& file : files) state.origins.push_back(*discovery::decode_origin(file));
  laps.lap("decode the disk's files");
  node.restore(at, std::move(state));
  node.local_ready(at);
  auto publication = node.publication(at);
  laps.lap("restore, publication");
  discovery::Assembler assembler;
  discovery::AssemblyRules rules;
  rules.cluster = "east";
  rules.zones = {"mesh.internal"};
  rules.forwarders = {base::IpAddress::v4(0x7f000001)};
  discovery::view::Resolver resolver;
  dns::TableBuilder tables;
  forwarder::KeptTable kept;
  forwarder::ForwarderConfig fwd{"east", rules.forwarders, forwarder::Others::none};
  dns::ZoneConfig zone;
  zone.zones = rules.zones;
  for (int round = 0; round < 3; ++round) {
    laps.start();
    auto view = assembler.assemble(*publication, rules, static_cast<std::uint64_t>(round + 1));
    laps.lap("assemble");
    auto resolved = resolver.resolve(std::move(view));
    laps.lap("resolve");
    auto dns = tables.build(resolved, zone);
    laps.lap("dns table");
    auto one_changed = std::make_shared<discovery::view::Resolution>(*resolved);
    auto& changed = one_changed->destinations[one_changed->destinations.size() / 2];
    changed = std::make_shared<const discovery::view::ResolvedDestination>(*changed);
    laps.start();
    dns = tables.build(one_changed, zone);
    laps.lap("dns table, one changed");
    std::printf("  %-28s %10zu bytes\n", "dns table", dns->bytes());
    one_changed.reset();
    laps.start();
    auto compiled = forwarder::compile({}, *resolved, fwd, kept);
    laps.lap("forwarder table");
    dns.reset();
    laps.lap("free dns");
    compiled.table.reset();
    laps.lap("free forwarder");
    resolved.reset();
    view.reset();
    laps.lap("free resolution");
  }
}
