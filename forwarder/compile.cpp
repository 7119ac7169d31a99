#include "forwarder/compile.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "forwarder/actions.hpp"
#include "forwarder/delegation.hpp"
#include "forwarder/upstreams.hpp"
#include "forwarder/virtual_hosts.hpp"

namespace forwarder {
namespace {

namespace view = discovery::view;
using resources::RouteTable;
using resources::Severity;

std::vector<Entry> entries_of(const std::vector<FlatRoute>& flat, Actions& actions,
                              resources::Problems& problems) {
  std::vector<Entry> entries;
  for (const auto& route : flat) {
    const auto compiled = actions.of(route);
    for (const auto& source : route.matchers) {
      std::vector<MatcherError> errors;
      auto matcher = compile_matcher(source, errors);
      for (const auto& [field, message] : errors)
        problems.push_back(route_problem(Severity::error, *route.table, route.index,
                                         "matchers." + field,
                                         message + ": this matcher takes no request"));
      if (errors.empty()) entries.push_back({std::move(matcher), compiled});
    }
  }
  return entries;
}

std::vector<base::SocketAddress> listeners(const std::set<std::uint16_t>& ports,
                                           const std::vector<base::IpAddress>& addresses) {
  std::vector<base::SocketAddress> result;
  for (const auto& address : addresses)
    for (const auto port : ports) result.push_back({address, port});
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

}  // namespace

Compiled compile(const std::vector<RouteTable>& tables, const view::Resolution& resolution,
                 const ForwarderConfig& config, SlotMap& slots) {
  Compiled compiled;
  compiled.table = std::make_unique<Table>();
  compiled.table->version = slots.begin_table();
  Upstreams upstreams(resolution, slots);
  Actions actions(upstreams, compiled.problems);
  Delegation delegation(tables, config.cluster, compiled.problems);

  VirtualHosts hosts;
  for (const auto* root : roots_in_order(tables))
    hosts.add(*root, entries_of(delegation.flatten(*root), actions, compiled.problems),
              compiled.problems);
  for (const auto& destination : resolution.destinations)
    hosts.add_unclaimed(destination, upstreams);

  auto& table = *compiled.table;
  table.listeners = listeners(hosts.ports(), config.addresses);
  table.routes = std::make_shared<const Routes>(std::move(hosts).finish());
  table.upstreams = upstreams.all();
  slots.end_table();
  table.slots = slots.slots();
  compiled.statuses = {};
  return compiled;
}

}  // namespace forwarder
