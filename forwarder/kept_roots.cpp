#include "forwarder/kept_roots.hpp"

#include <algorithm>

#include "base/list_difference.hpp"
#include "forwarder/root_entries.hpp"

namespace forwarder {
namespace {

using resources::RouteTable;

using TablePointers = std::vector<std::shared_ptr<const RouteTable>>;

TablePointers roots_in_order(const resources::SharedList<RouteTable>& tables) {
  TablePointers roots;
  for (const auto& table : tables.pointers())
    if (!table->hosts.empty() && table->serves_the_mesh()) roots.push_back(table);
  std::ranges::sort(roots, [](const auto& a, const auto& b) {
    return resources::precedes(a->metadata, b->metadata);
  });
  return roots;
}

}  // namespace

bool KeptRoots::update(const RootSources& sources, KeptUpstreams& kept) {
  const auto& [tables, config, synced, changes, callers, policies, upstreams] = sources;
  if (policies_ != policies || cluster_ != config.cluster || others_ != config.others ||
      synced_ != synced)
    roots_.clear();
  policies_ = policies;
  cluster_ = config.cluster;
  others_ = config.others;
  synced_ = synced;

  const auto difference = base::difference(tables_.pointers(), tables.pointers());
  Tables changed;
  for (const auto i : difference.gone) changed.push_back(&tables_[i]);
  for (const auto i : difference.come) changed.push_back(&tables[i]);
  std::unordered_map<const RouteTable*, std::shared_ptr<const Root>> before;
  for (auto& root : roots_) before.emplace(root->table.get(), std::move(root));
  roots_.clear();
  auto stayed = std::size_t{0};
  for (const auto& table : roots_in_order(tables)) {
    const auto known = before.find(table.get());
    if (known != before.end() && may_stay(*known->second, changed, sources)) {
      for (const auto id : known->second->asked.upstreams) kept.keep(id);
      roots_.push_back(known->second);
      ++stayed;
    } else {
      roots_.push_back(std::make_shared<const Root>(make_root(table, sources)));
    }
  }
  tables_ = tables;
  return !changed.empty() || stayed != roots_.size() || stayed != before.size();
}

bool KeptRoots::may_stay(const Root& root, const Tables& changed,
                         const RootSources& sources) const {
  const auto& changes = sources.changes;
  if (root.asked.hints && changes.came_or_went) return false;
  for (const auto& name : changes.names)
    if (root.asked.names.contains(name)) return false;
  for (const auto* table : changed) {
    const auto& cluster =
        table->metadata.cluster.empty() ? sources.config.cluster : table->metadata.cluster;
    for (const auto* selector : root.followed.selectors)
      if (selector->matches(table->metadata, cluster)) return false;
  }
  for (const auto& [table, excluded] : root.callers)
    if (sources.callers.excluded_by(*table) != excluded) return false;
  return true;
}

std::set<const RouteTable*> KeptRoots::reached() const {
  std::set<const RouteTable*> reached;
  for (const auto& root : roots_)
    reached.insert(root->followed.reached.begin(), root->followed.reached.end());
  return reached;
}

Policies::Claimed KeptRoots::claimed() const {
  Policies::Claimed claimed;
  for (const auto& root : roots_) {
    add(claimed.retries, root->asked.policies.retries);
    add(claimed.headers, root->asked.policies.headers);
  }
  return claimed;
}

}  // namespace forwarder
