#include "agent/check.hpp"

#include <algorithm>

#include "agent/builder.hpp"
#include "discovery/sources/rows.hpp"

namespace agent {
namespace {

// The rows as this agent's origin would publish them.
discovery::Publication publish_alone(const Config& config,
                                     std::vector<discovery::EncodedRow> encoded) {
  std::sort(encoded.begin(), encoded.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  auto chunk = std::make_shared<discovery::RowChunk>();
  for (auto& row : encoded)
    chunk->rows.push_back(std::make_shared<const discovery::Row>(
        discovery::Row{std::move(row.key), 1, std::move(row.value), false}));
  discovery::Publication publication;
  publication.synced = true;
  auto& origin = publication.origins.emplace_back();
  origin.id = {config.cluster, config.replica};
  origin.stamp = {1, 1};
  origin.local = true;
  if (!chunk->rows.empty()) origin.rows = discovery::Rows({std::move(chunk)});
  return publication;
}

}  // namespace

discovery::AssemblyRules assembly_rules(const Config& config) {
  discovery::AssemblyRules rules;
  rules.cluster = config.cluster;
  rules.locality = config.locality;
  rules.networks = config.networks;
  rules.zones = config.dns.zones;
  rules.forwarders = config.forwarder.listen;
  return rules;
}

Checked check(const Config& config, const std::vector<resources::File>& files) {
  Checked checked;
  DocumentStore store;
  checked.documents = store.accept(files);
  checked.problems = checked.documents->problems;
  auto rows = discovery::sources::make_rows(checked.documents->documents, {});
  checked.problems.insert(checked.problems.end(), rows.problems.begin(), rows.problems.end());

  auto rules = assembly_rules(config);
  rules.routed_hosts = routed_hosts(checked.documents->documents);
  discovery::Assembler assembler;
  const auto resolution = discovery::view::resolve(
      assembler.assemble(publish_alone(config, std::move(rows.rows)), rules, 1));
  for (const auto& [host, destination] : resolution.view->destinations)
    checked.conflicts.insert(checked.conflicts.end(), destination.conflicts.begin(),
                             destination.conflicts.end());

  forwarder::SlotMap slots;
  auto compiled = forwarder::compile(checked.documents->documents.route_tables, resolution,
                                     {config.cluster, config.forwarder.listen}, slots);
  checked.problems.insert(checked.problems.end(), compiled.problems.begin(),
                          compiled.problems.end());
  checked.statuses = std::move(compiled.statuses);
  return checked;
}

}  // namespace agent
