#include "forwarder/delegation.hpp"

#include <algorithm>
#include <tuple>

namespace forwarder {
namespace {

using resources::RouteTable;

// The kind of path first, then its length, which does not count for regexes; of prefixes of one
// length the one that takes less.
std::tuple<int, std::size_t, bool> specificity(const FlatRoute& route) {
  std::tuple<int, std::size_t, bool> most{0, 0, false};
  for (const auto& matcher : route.matchers) {
    if (!matcher.path) continue;
    using Kind = resources::PathMatch::Kind;
    const auto& path = *matcher.path;
    const auto length = path.value.size();
    if (path.kind == Kind::exact) most = std::max(most, {3, length, false});
    if (path.kind == Kind::regex) most = std::max(most, {2, std::size_t{0}, false});
    if (path.kind == Kind::prefix) most = std::max(most, {1, length, false});
    if (path.kind == Kind::separated_prefix) most = std::max(most, {1, length, true});
  }
  return most;
}

std::string describe(const resources::ObjectSelector& selector) {
  std::string text;
  const auto add = [&text](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    text.append(text.empty() ? "" : ", ").append(key).append(" ").append(value);
  };
  add("name", selector.name);
  add("namespace", selector.namespace_);
  add("cluster", selector.cluster);
  for (const auto& [key, value] : selector.labels) add("label", key + '=' + value);
  return text.empty() ? "everything" : text;
}

}  // namespace

std::string name_of(const RouteTable& table) { return resources::name_of(table.metadata); }

std::string name_of(const RouteTable& table, std::size_t route) {
  const auto& own = table.http[route].name;
  return name_of(table) + '[' + std::to_string(route) + ']' + (own.empty() ? "" : " " + own);
}

resources::Problem route_problem(resources::Severity severity, const RouteTable& table,
                                 std::size_t route, std::string_view field, std::string message) {
  auto path = "spec.http[" + std::to_string(route) + ']';
  if (!field.empty()) path.append(".").append(field);
  return {severity,
          table.http[route].place_of(field),
          "RouteTable " + name_of(table),
          std::move(path),
          std::move(message),
          ""};
}

base::Labels FlatRoute::labels() const {
  base::Labels labels;
  const auto overlay = [&labels](const base::Labels& nearer) {
    for (const auto& [key, value] : nearer) labels.insert_or_assign(key, value);
  };
  for (std::size_t level = 0; level < path.size(); ++level) {
    overlay(path[level]->metadata.labels);
    overlay(level < via.size() ? via[level]->labels : route().labels);
  }
  return labels;
}

Delegation::Delegation(const resources::SharedList<resources::RouteTable>& tables,
                       std::string_view own_cluster, resources::Problems& problems)
    : tables_(tables), own_cluster_(own_cluster), problems_(problems) {}

std::vector<FlatRoute> Delegation::flatten(const RouteTable& root) {
  // A root inherits nothing that a route of its could conflict with: there is always a list.
  return routes_of(root, {resources::HttpMatcher{}}).value();
}

// The error is for the delegating route above: a route here could never match below it.
base::Result<std::vector<FlatRoute>> Delegation::routes_of(const RouteTable& table,
                                                           const Matchers& inherited) {
  std::vector<FlatRoute> flat;
  path_.push_back(&table);
  for (std::size_t i = 0; i < table.http.size(); ++i) {
    const auto& route = table.http[i];
    const Matchers everything(1);
    const auto& own = route.matchers.empty() ? everything : route.matchers;
    // What a root writes itself is bounded by its document; only delegation multiplies.
    const bool delegated = path_.size() > 1;
    if (delegated) {
      matchers_ += inherited.size() * own.size();
      tried_ += inherited.size() * own.size();
    }
    Matchers matchers;
    std::string conflict = "more than " + std::to_string(kMaxFlatMatchers) + " matchers";
    if (!delegated || (matchers_ <= kMaxFlatMatchers && tried_ <= kMaxTriedMatchers))
      for (const auto& parent : inherited)
        for (const auto& child : own) {
          auto both = merge(parent, child);
          if (both)
            matchers.push_back(std::move(*both));
          else
            conflict = both.error().message;
        }
    if (matchers.empty()) {
      path_.pop_back();
      return base::invalid("route " + name_of(table, i) + " can never match: " + conflict);
    }

    const auto* delegate = std::get_if<resources::Delegate>(&route.action);
    if (!delegate) {
      flat.push_back({&table, i, std::move(matchers), path_, via_, ""});
      continue;
    }
    const auto before = matchers_;
    via_.push_back(&route);
    auto children = follow(*delegate, matchers);
    via_.pop_back();
    if (!children) {
      matchers_ = before;
      problems_.push_back(route_problem(resources::Severity::error, table, i, "delegate",
                                        children.error().message));
      flat.push_back({&table, i, std::move(matchers), path_, via_, children.error().message});
      continue;
    }
    std::move(children->begin(), children->end(), std::back_inserter(flat));
  }
  path_.pop_back();
  return flat;
}

base::Result<std::vector<FlatRoute>> Delegation::follow(const resources::Delegate& delegate,
                                                        const Matchers& inherited) {
  auto tables = select(delegate);
  if (!tables) return tables.error();
  std::vector<FlatRoute> flat;
  for (const auto* table : *tables) {
    followed_.reached.insert(table);
    if (const auto begin = std::find(path_.begin(), path_.end(), table); begin != path_.end()) {
      std::string cycle;
      for (auto at = begin; at != path_.end(); ++at) cycle += name_of(**at) + " -> ";
      return base::invalid("delegation cycle: " + cycle + name_of(*table));
    }
    if (path_.size() == kMaxDelegationDepth)
      return base::invalid("delegation deeper than " + std::to_string(kMaxDelegationDepth) +
                           " tables");
    auto routes = routes_of(*table, inherited);
    if (!routes) return routes.error();
    std::move(routes->begin(), routes->end(), std::back_inserter(flat));
  }
  if (delegate.sort == resources::SortMethod::route_specificity)
    std::stable_sort(flat.begin(), flat.end(), [](const FlatRoute& a, const FlatRoute& b) {
      return specificity(a) > specificity(b);
    });
  return flat;
}

base::Result<Delegation::Tables> Delegation::select(const resources::Delegate& delegate) {
  if (delegate.tables.empty()) return base::invalid("no route tables are selected");
  Tables all;
  for (const auto& selector : delegate.tables) {
    auto some = select(selector);
    if (!some) return some.error();
    for (const auto* table : *some)
      if (std::find(all.begin(), all.end(), table) == all.end()) all.push_back(table);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const RouteTable* a, const RouteTable* b) { return a->weight > b->weight; });
  return all;
}

base::Result<Delegation::Tables> Delegation::select(const resources::ObjectSelector& selector) {
  followed_.selectors.push_back(&selector);
  Tables found;
  std::string root;
  for (const auto& table : tables_) {
    const auto& cluster = table.metadata.cluster.empty() ? own_cluster_ : table.metadata.cluster;
    if (!selector.matches(table.metadata, cluster)) continue;
    // A table with hosts is a root and serves them itself.
    if (table.hosts.empty())
      found.push_back(&table);
    else
      root = name_of(table);
  }
  if (found.empty())
    return base::invalid("no route table with " + describe(selector) +
                         (root.empty() ? "" : "; " + root + " has hosts and is no child"));
  std::sort(found.begin(), found.end(), [](const RouteTable* a, const RouteTable* b) {
    return precedes(a->metadata, b->metadata);
  });
  return found;
}

}  // namespace forwarder
