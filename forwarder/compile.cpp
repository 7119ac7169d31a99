#include "forwarder/compile.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "forwarder/actions.hpp"
#include "forwarder/delegation.hpp"
#include "forwarder/hosts.hpp"
#include "forwarder/upstreams.hpp"
#include "forwarder/virtual_hosts.hpp"

namespace forwarder {
namespace {

namespace view = discovery::view;
using resources::RouteTable;
using resources::Severity;

// What is likely a mistake in how a matcher and the route's pathRewrite go together.
std::string oddity(const resources::HttpMatcher& matcher, const resources::HttpRoute& route) {
  const auto* forward = std::get_if<resources::ForwardTo>(&route.action);
  if (!forward || forward->path_rewrite.empty()) return {};
  const resources::PathMatch everything;
  const auto& path = matcher.path ? *matcher.path : everything;
  using Kind = resources::PathMatch::Kind;
  if (path.kind == Kind::regex)
    return "with a regex matcher the whole path is replaced; regexRewrite replaces parts";
  if (path.kind == Kind::prefix && path.value.ends_with('/') &&
      !forward->path_rewrite.ends_with('/'))
    return "the prefix " + path.value + " takes its last slash along: " + path.value +
           "x becomes " + forward->path_rewrite + "x";
  return {};
}

// With all that its parents prepend.
bool lacks_slash(const resources::PathMatch& path) {
  return path.kind != resources::PathMatch::Kind::regex && !path.value.starts_with('/');
}

// Where the matcher stands, which may be in a table above.
resources::Problem matcher_problem(Severity severity, const FlatRoute& route,
                                   const resources::HttpMatcher& matcher, const std::string& field,
                                   const std::string& message) {
  const auto& own = route.route().matchers;
  const auto written = std::find_if(own.begin(), own.end(), [&](const auto& one) {
    return one.place == matcher.place && matcher.place.line != 0;
  });
  const auto index = written == own.end() ? "" : '[' + std::to_string(written - own.begin()) + ']';
  auto problem =
      route_problem(severity, *route.table, route.index, "matchers" + index + '.' + field,
                    message + ": this matcher takes no request");
  if (matcher.place.line != 0) problem.place = matcher.place;
  return problem;
}

// Children inherit their parents' selectors and can only narrow them.
std::shared_ptr<const Addresses> excluded_from(const std::vector<const RouteTable*>& path,
                                               const view::View& view) {
  std::shared_ptr<const Addresses> excluded;
  for (const auto* table : path) excluded = in_either(excluded, excluded_callers(*table, view));
  return excluded;
}

std::vector<Entry> entries_of(const std::vector<FlatRoute>& flat, const view::View& view,
                              Actions& actions, resources::Problems& problems) {
  std::vector<Entry> entries;
  std::vector<const RouteTable*> path;
  std::shared_ptr<const Addresses> excluded;  // by the tables of `path`
  for (const auto& route : flat) {
    const auto compiled = actions.of(route);
    if (route.path != path) excluded = excluded_from(path = route.path, view);
    for (const auto& source : route.matchers) {
      std::vector<MatcherError> errors;
      auto matcher = compile_matcher(source, errors);
      for (const auto& [field, message] : errors)
        problems.push_back(matcher_problem(Severity::error, route, source, field, message));
      if (source.path && lacks_slash(*source.path))
        problems.push_back(
            matcher_problem(Severity::warning, route, source, "uri",
                            "no path starts without /, as " + source.path->value + " does"));
      if (auto odd = oddity(source, route.route()); !odd.empty())
        problems.push_back(route_problem(Severity::warning, *route.table, route.index,
                                         "forwardTo.pathRewrite", std::move(odd)));
      matcher.not_from = excluded;
      if (errors.empty()) entries.push_back({std::move(matcher), compiled});
    }
  }
  return entries;
}

void report_freeze(const RouteTable& root, resources::Problems& problems) {
  if (root.failure_mode != resources::FailureMode::freeze_config) return;
  problems.push_back({Severity::warning, root.metadata.place, "RouteTable " + name_of(root),
                      "spec.failureMode", "FREEZE_CONFIG is not supported",
                      "a broken route answers 500, as with ROUTE_REPLACEMENT"});
}

// A child that several parents lead to is read as often: its mistakes are said once.
void drop_repeated(resources::Problems& problems) {
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  std::erase_if(problems, [&seen](const resources::Problem& p) {
    return !seen.emplace(p.object, p.field, p.message).second;
  });
}

std::vector<base::SocketAddress> listeners(const std::set<std::uint16_t>& ports,
                                           const std::vector<base::IpAddress>& addresses) {
  std::vector<base::SocketAddress> result;
  for (const auto port : ports) {
    if (result.size() + addresses.size() > kMaxListeners) break;
    for (const auto& address : addresses) result.push_back({address, port});
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

// Of each destination, whether a table that serves here names its host.
std::vector<bool> named_by(const resources::SharedList<RouteTable>& tables,
                           const view::Resolution& resolution) {
  std::vector<bool> named(resolution.destinations.size());
  for (const auto* root : roots_in_order(tables))
    for (const auto& pattern : root->hosts)
      if (const auto host = normal_host(pattern); resolution.find(host)) {
        const auto at = std::ranges::lower_bound(
            resolution.destinations, host, {},
            [](const auto& resolved) -> const std::string& { return resolved->destination->host; });
        named[static_cast<std::size_t>(at - resolution.destinations.begin())] = true;
      }
  return named;
}

}  // namespace

Compiled compile(const resources::Documents& documents, const view::Resolution& resolution,
                 const ForwarderConfig& config, KeptTable& kept) {
  const auto& tables = documents.route_tables;
  Compiled compiled;
  compiled.table = std::make_unique<Table>();
  compiled.table->version = kept.upstreams.begin_table();
  compiled.table->synced = resolution.view->synced;
  if (tables.empty()) kept.names = {};  // nobody asks for one
  Upstreams upstreams(resolution, kept.upstreams, kept.names);
  Policies policies(documents, compiled.problems);
  Actions actions(upstreams, policies, config, compiled.problems);
  Delegation delegation(tables, config.cluster, compiled.problems);

  const auto& view = *resolution.view;
  VirtualHosts hosts;
  for (const auto* root : roots_in_order(tables)) {
    report_freeze(*root, compiled.problems);
    warn_of_bypassed_hosts(*root, resolution, compiled.problems);
    hosts.add(*root, entries_of(delegation.flatten(*root), view, actions, compiled.problems),
              excluded_callers(*root, view), compiled.problems);
  }
  const auto named = named_by(tables, resolution);
  kept.plain.begin(config.cluster);
  for (std::size_t i = 0; i < resolution.destinations.size(); ++i) {
    const auto& destination = resolution.destinations[i];
    if (named[i]) hosts.add_named(destination, upstreams);
    kept.plain.add(destination, named[i], upstreams, kept.upstreams);
  }
  kept.plain.end();

  auto& table = *compiled.table;
  auto ports = hosts.ports();
  kept.plain.add_ports(ports);
  if (ports.size() * config.addresses.size() > kMaxListeners)
    compiled.problems.push_back({resources::Severity::warning,
                                 {},
                                 "forwarder",
                                 "",
                                 "more ports are asked for than the " +
                                     std::to_string(kMaxListeners) + " listeners there may be",
                                 "the highest ports are left out"});
  table.listeners = listeners(ports, config.addresses);
  auto routes = std::move(hosts).finish();
  routes.plain = kept.plain.hosts();
  routes.plain_index = kept.plain.index();
  table.routes = std::make_shared<const Routes>(std::move(routes));
  kept.upstreams.end_table();
  table.slots = kept.upstreams.slots().slots();
  std::vector<DocumentStatus> of_policies;
  policies.report(compiled.problems, of_policies);
  drop_repeated(compiled.problems);
  compiled.statuses = statuses(tables, resolution, delegation, compiled.problems);
  std::ranges::move(of_policies, std::back_inserter(compiled.statuses));
  kept.plain.add_statuses(compiled.statuses);
  return compiled;
}

}  // namespace forwarder
