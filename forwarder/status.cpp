#include "forwarder/status.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "forwarder/hosts.hpp"

namespace forwarder {
namespace {

using State = DocumentStatus::State;

State state_of(const resources::Problem& problem) {
  return problem.severity == resources::Severity::error ? State::invalid : State::warning;
}

// By the object that has them.
using WorstOf = std::unordered_map<std::string_view, State>;

WorstOf worst_of(const resources::Problems& problems) {
  WorstOf worst;
  for (const auto& problem : problems) {
    auto& state = worst.try_emplace(problem.object, State::accepted).first->second;
    state = std::max(state, state_of(problem));
  }
  return worst;
}

DocumentStatus status_of(const resources::RouteTable& table,
                         const discovery::view::Resolution& resolution, bool delegated_to,
                         const std::vector<std::string>& bound_to, const WorstOf& worst) {
  DocumentStatus status{"RouteTable " + name_of(table), State::accepted, {}};
  if (const auto found = worst.find(status.object); found != worst.end())
    status.state = found->second;
  if (table.hosts.empty() && !delegated_to) {
    status.state = State::unused;
    status.notes.push_back("it has no hosts, and no table delegates to it");
  }
  for (const auto& gateway : bound_to) status.notes.push_back("it serves on " + gateway);
  if (!table.hosts.empty() && !table.serves_the_mesh()) {
    if (!bound_to.empty()) return status;
    status.state = State::unused;
    status.notes.push_back("it serves virtual gateways only, and none is served here");
    return status;
  }
  for (const auto& host : table.hosts) {
    if (host.starts_with('*'))
      status.notes.push_back("host " + host +
                             " captures no destination: each has routes of its own unless a table "
                             "names it exactly, so only requests sent to the forwarder's own "
                             "address reach it");
    else if (!resolution.find(normal_host(host)))
      status.notes.push_back("host " + host +
                             " is not captured: no name here leads to it, so only requests sent "
                             "to the forwarder's own address reach it");
  }
  return status;
}

}  // namespace

DocumentStatus status_of(const std::string& object, const resources::Problems& problems) {
  DocumentStatus status{object, State::accepted, {}};
  for (const auto& problem : problems)
    if (problem.object == object) status.state = std::max(status.state, state_of(problem));
  return status;
}

void warn_if_bypassed(const resources::RouteTable& root,
                      const discovery::view::Destination& destination,
                      resources::Problems& problems) {
  if (destination.door.kind == discovery::view::Door::Kind::forwarder) return;
  problems.push_back({resources::Severity::warning, root.metadata.place,
                      "RouteTable " + name_of(root), "spec.hosts",
                      "host " + destination.host + " is not captured: callers get its endpoints (" +
                          destination.door.why + ")",
                      "take the host out of the table, or give it to a destination that can be "
                      "forwarded"});
}

std::string_view to_string(State state) {
  switch (state) {
    case State::accepted:
      return "accepted";
    case State::warning:
      return "warning";
    case State::invalid:
      return "invalid";
    case State::failed:
      return "failed";
    case State::unused:
      return "unused";
  }
  return "unknown";
}

void add_findings(Statuses& statuses, const resources::Problems& problems,
                  const std::vector<std::string>& held_back) {
  if (problems.empty()) return;
  std::map<std::string, std::size_t> place_of;
  for (std::size_t i = 0; i < statuses.size(); ++i) place_of.emplace(statuses[i].object, i);
  std::set<std::size_t> told;
  for (const auto& problem : problems) {
    const auto found = place_of.find(problem.object);
    if (found == place_of.end()) continue;
    const auto place = found->second;
    auto status = statuses[place];
    status.state = std::max(status.state, state_of(problem));
    if (problem.severity == resources::Severity::error &&
        std::ranges::count(held_back, problem.place.file) && told.insert(place).second)
      status.notes.push_back(problem.place.file + " is held back: what it said before serves");
    statuses.replace(place, std::move(status));
  }
}

Statuses statuses(const resources::SharedList<resources::RouteTable>& tables,
                  const discovery::view::Resolution& resolution,
                  const std::set<const resources::RouteTable*>& delegated_to,
                  const BoundTo& bound_to, const resources::Problems& problems,
                  const Statuses& before) {
  const auto worst = worst_of(problems);
  Statuses result;
  std::size_t at = 0;  // in `before`
  const auto is_of = [&](std::size_t place, const DocumentStatus& status) {
    return place < before.size() && before[place].object == status.object;
  };
  for (const auto& table : tables) {
    auto status =
        status_of(table, resolution, delegated_to.contains(&table), bound_to(table), worst);
    if (!is_of(at, status) && is_of(at + 1, status)) ++at;  // a table has gone
    const bool known = is_of(at, status);
    if (known && before[at] == status)
      result.push_back(before.pointers()[at]);
    else
      result.push_back(std::move(status));
    if (known) ++at;
  }
  return result;
}

}  // namespace forwarder
