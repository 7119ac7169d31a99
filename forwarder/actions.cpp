#include "forwarder/actions.hpp"

#include <algorithm>

#include "forwarder/head_text.hpp"
#include "forwarder/weights.hpp"
#include "resources/external_service.hpp"

namespace forwarder {
namespace {

using resources::Severity;

ReplyAction say_broken(const std::string& route, const std::string& reason) {
  return {500, "route " + route + " is broken: " + reason + '\n', true};
}

// Gloo would make a TLS connection of it, which is no mistake and not done here yet.
bool wants_tls(const resources::DestinationRef& ref, const Upstreams::Target& target) {
  return ref.kind == resources::DestinationKind::external_service &&
         target.port.protocol == resources::kTlsProtocol;
}

base::Result<std::vector<std::uint32_t>> shares_of(
    const std::vector<resources::DestinationRef>& refs) {
  if (refs.empty()) return base::invalid("no destinations, and the table has no default");
  std::vector<std::optional<std::uint32_t>> weights;
  for (const auto& ref : refs) weights.push_back(ref.weight);
  return shares(weights);
}

// As written, or the table's default.
std::vector<resources::DestinationRef> destinations_of(const FlatRoute& flat) {
  const auto* forward = std::get_if<resources::ForwardTo>(&flat.route().action);
  if (!forward) return {};
  auto refs = forward->destinations;
  if (refs.empty() && flat.table->default_destination)
    refs.emplace_back(*flat.table->default_destination).weight.reset();  // it stands alone
  return refs;
}

resources::Problem destination_problem(Severity severity, const FlatRoute& flat,
                                       const resources::DestinationRef& ref, std::size_t index,
                                       std::string message) {
  auto problem =
      route_problem(severity, *flat.table, flat.index,
                    "forwardTo.destinations[" + std::to_string(index) + ']', std::move(message));
  const auto* forward = std::get_if<resources::ForwardTo>(&flat.route().action);
  if (forward && forward->destinations.empty()) problem.field = "spec.defaultDestination";
  if (ref.place.line != 0) problem.place = ref.place;
  return problem;
}

}  // namespace

std::shared_ptr<const Route> Actions::of(const FlatRoute& flat) {
  auto name = name_of(*flat.table, flat.index);
  if (!flat.broken.empty()) {
    auto reply = say_broken(name, flat.broken);
    return std::make_shared<const Route>(Route{std::move(name), std::move(reply)});
  }
  auto choice = policies_.empty() ? Policies::Choice()
                                  : policies_.choose(selectable(flat, name), asked_.policies);
  auto& made = made_[{&flat.route(), choice}];
  if (made) return made;
  Action action;
  const auto& source = flat.route().action;
  if (const auto* forward = std::get_if<resources::ForwardTo>(&source))
    action = compile(flat, *forward);
  else if (const auto* redirect = std::get_if<resources::Redirect>(&source))
    action = compile(flat, *redirect);
  else if (const auto* reply = std::get_if<resources::DirectResponse>(&source))
    action = ReplyAction{reply->status, reply->body};
  if (auto* forward = std::get_if<ForwardAction>(&action))
    for (std::size_t i = 0; i < forward->destinations.size(); ++i)
      forward->destinations[i].treatment = policies_.treatment(choice, i);
  return made = std::make_shared<const Route>(
             Route{std::move(name), std::move(action), policies_.treatment(choice)});
}

void Actions::finish() {
  auto& upstreams = asked_.upstreams;
  std::ranges::sort(upstreams);
  upstreams.erase(std::unique(upstreams.begin(), upstreams.end()), upstreams.end());
}

base::Result<Upstreams::Target> Actions::find(const resources::DestinationRef& ref,
                                              std::string_view home) {
  asked_.names.emplace(ref.ref.namespace_.empty() ? home : std::string_view(ref.ref.namespace_),
                       sought_name(ref));
  auto found = upstreams_.find(ref, home);
  if (found) asked_.upstreams.push_back(found->upstream);
  return found;
}

// Destinations are found only where some policy asks for them.
SelectableRoute Actions::selectable(const FlatRoute& flat, const std::string& name) {
  const auto& table = flat.table->metadata;
  const auto or_ours = [this](const std::string& cluster) {
    return cluster.empty() ? config_.cluster : cluster;
  };
  SelectableRoute route{name, flat.labels(), table.namespace_, or_ours(table.cluster), {}};
  if (!policies_.ask_for_destinations()) return route;
  for (const auto& ref : destinations_of(flat)) {
    auto& destination = route.destinations.emplace_back();
    destination.kind = ref.kind;
    destination.name = ref.ref.name;
    destination.namespace_ = ref.ref.namespace_.empty() ? table.namespace_ : ref.ref.namespace_;
    destination.cluster = or_ours(ref.ref.cluster);
    destination.port = ref.port.number;
    destination.port_name = ref.port.name;
    const auto found = find(ref, table.namespace_);
    if (!found) continue;
    destination.labels = found->destination->labels;
    destination.port = found->port.number;
    destination.port_name = found->port.name;
  }
  return route;
}

Actions::Action Actions::compile(const FlatRoute& flat, const resources::ForwardTo& forward) {
  const auto refs = destinations_of(flat);
  const auto parts = shares_of(refs);
  if (!parts) return broken(flat, "forwardTo.destinations", parts.error());
  ForwardAction action;
  for (const auto part : *parts) action.destinations.emplace_back().share = part;
  const auto nothing = find_destinations(flat, refs, action.destinations);
  if (!nothing.empty()) return say_broken(name_of(*flat.table, flat.index), nothing);

  if (const auto path = check_path(forward.path_rewrite); !path)
    return broken(flat, "forwardTo.pathRewrite", path.error());
  if (!forward.host_rewrite.empty())
    if (const auto host = check_host(forward.host_rewrite); !host)
      return broken(flat, "forwardTo.hostRewrite", host.error());

  action.host = forward.host_rewrite;
  action.auto_host = forward.auto_host_rewrite;
  action.path.replacement = forward.path_rewrite;
  if (!forward.regex_rewrite) return action;

  auto pattern = Pattern::compile(forward.regex_rewrite->pattern);
  if (!pattern) return broken(flat, "forwardTo.regexRewrite.pattern", pattern.error());
  const auto& substitution = forward.regex_rewrite->substitution;
  auto fits = pattern->check_substitution(substitution);
  if (fits) fits = check_path(substitution);
  if (!fits) return broken(flat, "forwardTo.regexRewrite.substitution", fits.error());
  action.path.pattern = std::move(*pattern);
  action.path.substitution = substitution;
  return action;
}

Actions::Action Actions::compile(const FlatRoute& flat, const resources::Redirect& redirect) {
  if (!redirect.host.empty())
    if (const auto host = check_host(redirect.host); !host)
      return broken(flat, "redirect.hostRedirect", host.error());
  if (const auto path = check_location(redirect.path); !path)
    return broken(flat, "redirect.pathRedirect", path.error());
  return RedirectAction{redirect.host, redirect.path, redirect.code};
}

Actions::Action Actions::broken(const FlatRoute& flat, std::string_view field,
                                const base::Error& reason) {
  problems_.push_back(
      route_problem(Severity::error, *flat.table, flat.index, field, reason.message));
  return say_broken(name_of(*flat.table, flat.index), reason.message);
}

std::string Actions::find_destinations(const FlatRoute& flat,
                                       const std::vector<resources::DestinationRef>& refs,
                                       Destinations& found) {
  std::string missing;
  bool leads_somewhere = false;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    const auto target = find(refs[i], flat.table->metadata.namespace_);
    if (target && wants_tls(refs[i], *target)) {
      missing = "port " + std::to_string(target->port.number) + " of " + refs[i].ref.name +
                " takes TLS, which the forwarder does not speak yet";
      found[i].name = refs[i].ref.name;
      problems_.push_back(destination_problem(Severity::warning, flat, refs[i], i, missing));
      continue;
    }
    if (target) {
      leads_somewhere = true;
      if (discovery::view::is_http2(target->port.protocol))
        warn_of_protocol(flat, refs[i], i, *target);
      found[i].name = upstreams_.name(target->upstream);
      found[i].upstream = target->upstream;
      if (target->destination->has_host()) found[i].host = target->destination->host;
      continue;
    }
    found[i].name = refs[i].ref.name;
    missing = target.error().message;
    report(flat, refs[i], i, target.error());
    if (target.error().code == base::Code::unavailable) leads_somewhere = true;  // before long
  }
  return leads_somewhere ? "" : missing;
}

void Actions::warn_of_protocol(const FlatRoute& flat, const resources::DestinationRef& ref,
                               std::size_t index, const Upstreams::Target& target) {
  auto problem = destination_problem(
      Severity::warning, flat, ref, index,
      "port " + std::to_string(target.port.number) + " (" + target.port.protocol + ") of " +
          target.destination->host + " is sent HTTP/1.1, which is all that the forwarder speaks");
  problem.hint = "route to a port that takes HTTP/1.1, or leave its callers to the endpoints";
  problems_.push_back(std::move(problem));
}

bool Actions::may_come(const resources::DestinationRef& ref) const {
  return config_.others == Others::may_be_heard ||
         (!ref.ref.cluster.empty() && ref.ref.cluster != config_.cluster);
}

void Actions::report(const FlatRoute& flat, const resources::DestinationRef& ref, std::size_t index,
                     const base::Error& reason) {
  const bool unknown = reason.code == base::Code::not_found;
  const bool mistaken = unknown ? !may_come(ref)
                                : reason.code == base::Code::invalid &&
                                      ref.kind != resources::DestinationKind::unsupported;
  auto problem = destination_problem(mistaken ? Severity::error : Severity::warning, flat, ref,
                                     index, reason.message);
  asked_.hints = asked_.hints || unknown;
  if (unknown) problem.hint = upstreams_.did_you_mean(ref, flat.table->metadata.namespace_);
  if (unknown && problem.hint.empty())
    problem.hint = mistaken ? "define it, or say in ref.cluster which cluster does"
                            : "it must come from another cluster";
  problems_.push_back(std::move(problem));
}

}  // namespace forwarder
