#include "forwarder/root_entries.hpp"

#include <algorithm>

namespace forwarder {
namespace {

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
class Exclusion {
 public:
  Exclusion(const KnownCallers& callers, Root& root) : callers_(callers), root_(root) {}

  // Of a route by the tables on its way.
  const std::shared_ptr<const Addresses>& of(const std::vector<const RouteTable*>& path) {
    if (path == path_) return excluded_;
    path_ = path;
    excluded_ = nullptr;
    for (const auto* table : path) excluded_ = in_either(excluded_, by(*table));
    return excluded_;
  }
  std::shared_ptr<const Addresses> by(const RouteTable& table) {
    if (table.workload_selectors.empty()) return nullptr;
    auto excluded = callers_.excluded_by(table);
    const std::pair<const RouteTable*, std::shared_ptr<const Addresses>> seen(&table, excluded);
    if (std::ranges::find(root_.callers, seen) == root_.callers.end())
      root_.callers.push_back(seen);
    return excluded;
  }

 private:
  const KnownCallers& callers_;
  Root& root_;
  std::vector<const RouteTable*> path_;
  std::shared_ptr<const Addresses> excluded_;
};

Entries entries_of(const std::vector<FlatRoute>& flat, Actions& actions, Exclusion& exclusion,
                   Root& root) {
  auto& problems = root.problems;
  Entries entries;
  for (const auto& route : flat) {
    const auto compiled = actions.of(route);
    const auto& excluded = exclusion.of(route.path);
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
      root.broken = root.broken || !errors.empty();
    }
  }
  return entries;
}

bool is_broken(const Entry& entry) {
  const auto* reply = std::get_if<ReplyAction>(&entry.route->action);
  return reply && reply->broken;
}

}  // namespace

Root make_root(const std::shared_ptr<const RouteTable>& table, const RootSources& sources) {
  Root root;
  root.table = table;
  for (const auto& pattern : table->hosts) root.hosts.push_back(normal_host(pattern));
  Delegation delegation(sources.tables, sources.config.cluster, root.problems);
  const auto flat = delegation.flatten(*table);
  root.followed = delegation.followed();
  Actions actions(sources.upstreams, *sources.policies, sources.config, root.asked, root.problems);
  Exclusion exclusion(sources.callers, root);
  root.entries = std::make_shared<const Entries>(entries_of(flat, actions, exclusion, root));
  for (const auto& entry : *root.entries) {
    if (entry.matcher.port != 0) root.ports.insert(entry.matcher.port);
    root.broken = root.broken || is_broken(entry);
  }
  root.excluded = exclusion.by(*table);
  actions.finish();
  return root;
}

}  // namespace forwarder
