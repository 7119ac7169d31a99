#include "forwarder/kept_roots.hpp"

#include <algorithm>

#include "base/list_difference.hpp"
#include "forwarder/root_entries.hpp"

namespace forwarder {
namespace {

using resources::RouteTable;

// Before its routes are made.
std::shared_ptr<const Root> unmade(std::shared_ptr<const RouteTable> table) {
  auto root = std::make_shared<Root>();
  root->table = std::move(table);
  return root;
}

bool comes_first(const std::shared_ptr<const Root>& a, const std::shared_ptr<const Root>& b) {
  return resources::precedes(a->table->metadata, b->table->metadata);
}

bool freezes(const RouteTable& table) {
  return table.failure_mode == resources::FailureMode::freeze_config;
}

std::string key_of(const RouteTable& table) {
  return table.metadata.cluster + '/' + name_of(table);
}

}  // namespace

bool KeptRoots::update(const RootSources& sources, KeptUpstreams& kept) {
  const auto& [tables, gateways, config, synced, changes, callers, policies, upstreams] = sources;
  const bool anew = gateways_.pointers() != gateways.pointers() || policies_ != policies ||
                    cluster_ != config.cluster || others_ != config.others || synced_ != synced;
  if (anew) {
    roots_.clear();
    tables_ = {};
  }
  gateways_ = gateways;
  policies_ = policies;
  cluster_ = config.cluster;
  others_ = config.others;
  synced_ = synced;

  const auto changed = reorder(tables);
  bool all_stay = !anew && changed.empty();
  for (auto& root : roots_) {
    if (root->entries && may_stay(*root, changed, sources)) {
      for (const auto id : root->asked.upstreams) kept.keep(id);
      continue;
    }
    root = accept_or_freeze(make_root(root->table, sources), kept);
    all_stay = false;
  }
  if (!changed.empty()) forget_accepted();
  return !all_stay;
}

// A frozen root serves the entries of the accepted one, but is made anew when what is wrong with it
// changes.
std::shared_ptr<const Root> KeptRoots::accept_or_freeze(Root made, KeptUpstreams& kept) {
  if (!freezes(*made.table)) return std::make_shared<const Root>(std::move(made));
  auto& accepted = accepted_[key_of(*made.table)];
  if (!made.broken) return accepted = std::make_shared<const Root>(std::move(made));
  if (!accepted) return std::make_shared<const Root>(std::move(made));
  made.hosts = accepted->hosts;
  made.entries = accepted->entries;
  made.ports = accepted->ports;
  made.excluded = accepted->excluded;
  made.asked.upstreams = accepted->asked.upstreams;
  made.asked.policies = accepted->asked.policies;
  for (const auto id : made.asked.upstreams) kept.keep(id);
  made.problems.push_back({resources::Severity::warning, made.table->metadata.place,
                           "RouteTable " + name_of(*made.table), "spec.failureMode",
                           "frozen: some route is broken, so the table serves as it did before",
                           "mend what the other problems say"});
  return std::make_shared<const Root>(std::move(made));
}

void KeptRoots::forget_accepted() {
  if (accepted_.empty()) return;
  std::set<std::string> there;
  for (const auto& root : roots_)
    if (freezes(*root->table)) there.insert(key_of(*root->table));
  std::erase_if(accepted_, [&](const auto& one) { return !there.contains(one.first); });
}

KeptRoots::Tables KeptRoots::reorder(const resources::SharedList<RouteTable>& tables) {
  const auto difference = base::difference(tables_.pointers(), tables.pointers());
  Tables changed;
  for (const auto i : difference.gone) changed.push_back(tables_.pointers()[i]);
  const std::set<std::shared_ptr<const RouteTable>> gone(changed.begin(), changed.end());
  if (!gone.empty())
    std::erase_if(roots_, [&](const auto& root) { return gone.contains(root->table); });
  const auto stayed = static_cast<std::ptrdiff_t>(roots_.size());
  for (const auto i : difference.come) {
    const auto& table = tables.pointers()[i];
    changed.push_back(table);
    const bool is_used =
        table->serves_the_mesh() ||
        std::ranges::any_of(gateways_, [&](const auto& gateway) { return table->names(gateway); });
    if (!table->hosts.empty() && is_used) roots_.push_back(unmade(table));
  }
  std::sort(roots_.begin() + stayed, roots_.end(), comes_first);
  std::inplace_merge(roots_.begin(), roots_.begin() + stayed, roots_.end(), comes_first);
  tables_ = tables;
  return changed;
}

bool KeptRoots::may_stay(const Root& root, const Tables& changed,
                         const RootSources& sources) const {
  const auto& changes = sources.changes;
  if (root.asked.hints && changes.came_or_went) return false;
  for (const auto& name : changes.names)
    if (root.asked.names.contains(name)) return false;
  for (const auto& table : changed) {
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
