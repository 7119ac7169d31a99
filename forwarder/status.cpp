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
                         const WorstOf& worst) {
  DocumentStatus status{"RouteTable " + name_of(table), State::accepted, {}};
  if (const auto found = worst.find(status.object); found != worst.end())
    status.state = found->second;
  if (table.hosts.empty() && !delegated_to) {
    status.state = State::unused;
    status.notes.push_back("it has no hosts, and no table delegates to it");
  }
  if (!table.hosts.empty() && !table.serves_the_mesh()) {
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
    case State::unused:
      return "unused";
  }
  return "unknown";
}

void add_findings(std::vector<DocumentStatus>& statuses, const resources::Problems& problems,
                  const std::vector<std::string>& held_back) {
  std::map<std::string_view, DocumentStatus*> by_object;
  for (auto& status : statuses) by_object.emplace(status.object, &status);
  std::set<const DocumentStatus*> told;
  for (const auto& problem : problems) {
    const auto found = by_object.find(problem.object);
    if (found == by_object.end()) continue;
    auto& status = *found->second;
    status.state = std::max(status.state, state_of(problem));
    if (problem.severity == resources::Severity::error &&
        std::ranges::count(held_back, problem.place.file) && told.insert(&status).second)
      status.notes.push_back(problem.place.file + " is held back: what it said before serves");
  }
}

std::vector<DocumentStatus> statuses(const resources::SharedList<resources::RouteTable>& tables,
                                     const discovery::view::Resolution& resolution,
                                     const std::set<const resources::RouteTable*>& delegated_to,
                                     const resources::Problems& problems) {
  const auto worst = worst_of(problems);
  std::vector<DocumentStatus> result;
  for (const auto& table : tables)
    result.push_back(status_of(table, resolution, delegated_to.contains(&table), worst));
  return result;
}

}  // namespace forwarder
