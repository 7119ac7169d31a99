#include "agent/check.hpp"

#include <algorithm>

#include "agent/builder.hpp"
#include "agent/tls.hpp"
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
  using Loopback = discovery::AssemblyRules::Loopback;
  rules.remote_loopback =
      config.gossip.listen.ip.is_loopback() ? Loopback::allowed : Loopback::refused;
  rules.own_addresses = {config.gossip.listen.ip, config.admin.ip, config.probes.ip};
  for (const auto& listen : config.dns.listen) rules.own_addresses.push_back(listen.ip);
  rules.own_addresses.insert(rules.own_addresses.end(), config.forwarder.listen.begin(),
                             config.forwarder.listen.end());
  return rules;
}

namespace {

struct Alone {
  resources::Problems problems;
  std::vector<forwarder::DocumentStatus> statuses;
  std::vector<std::string> conflicts;
};

// The documents as this cluster alone would serve them.
Alone serve_alone(const Config& config, const resources::Documents& documents) {
  Alone alone;
  auto rows = discovery::sources::make_rows(documents, {});
  alone.problems = std::move(rows.problems);
  auto rules = assembly_rules(config);
  rules.routed_hosts = routed_hosts(documents);
  discovery::Assembler assembler;
  const auto resolution = discovery::view::resolve(
      assembler.assemble(publish_alone(config, std::move(rows.rows)), rules, 1));
  for (const auto& [host, destination] : resolution.view->destinations)
    alone.conflicts.insert(alone.conflicts.end(), destination.conflicts.begin(),
                           destination.conflicts.end());
  forwarder::SlotMap slots;
  auto compiled = forwarder::compile(documents.route_tables, resolution,
                                     {config.cluster, config.forwarder.listen}, slots);
  alone.problems.insert(alone.problems.end(), compiled.problems.begin(), compiled.problems.end());
  alone.statuses = std::move(compiled.statuses);
  return alone;
}

}  // namespace

resources::Problems judge(const Config& config, const resources::Documents& documents) {
  return serve_alone(config, documents).problems;
}

Checked check(const Config& config, const std::vector<resources::File>& files) {
  Checked checked;
  DocumentStore store;
  checked.documents =
      store.accept(files, {}, [&](const auto& documents) { return judge(config, documents); });
  checked.problems = checked.documents->problems;
  auto alone = serve_alone(config, checked.documents->documents);
  checked.statuses = std::move(alone.statuses);
  checked.conflicts = std::move(alone.conflicts);
  return checked;
}

resources::Problems check_certificates(const Config& config,
                                       std::chrono::system_clock::time_point now) {
  const auto& files = config.gossip.tls;
  if (!files) return {};
  const auto loaded = tls::load({files->cert, files->key, files->ca},
                                {config.gossip.trust_domain, config.cluster}, now);
  if (loaded) return {};
  return {{resources::Severity::error,
           {files->cert, 0, 0},
           "",
           "gossip.tls",
           loaded.error().message,
           ""}};
}

}  // namespace agent
