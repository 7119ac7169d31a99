#include "forwarder/actions.hpp"

#include "forwarder/head_text.hpp"
#include "forwarder/weights.hpp"

namespace forwarder {
namespace {

using resources::Severity;

ReplyAction say_broken(const std::string& route, const std::string& reason) {
  return {500, "route " + route + " is broken: " + reason + '\n'};
}

// What only another cluster defines is no mistake of our documents where it lacks. A service
// without a cluster may come from there too, but once all are heard its name is likelier mistyped.
bool comes_by_gossip(const resources::DestinationRef& ref) {
  return ref.kind == resources::DestinationKind::virtual_destination || !ref.ref.cluster.empty();
}

}  // namespace

std::shared_ptr<const Route> Actions::of(const FlatRoute& flat) {
  auto name = name_of(*flat.table, flat.index);
  if (!flat.broken.empty()) {
    auto reply = say_broken(name, flat.broken);
    return std::make_shared<const Route>(Route{std::move(name), std::move(reply)});
  }
  auto& made = made_[&flat.route()];
  if (made) return made;
  Action action;
  const auto& source = flat.route().action;
  if (const auto* forward = std::get_if<resources::ForwardTo>(&source))
    action = compile(flat, *forward);
  else if (const auto* redirect = std::get_if<resources::Redirect>(&source))
    action = compile(flat, *redirect);
  else if (const auto* reply = std::get_if<resources::DirectResponse>(&source))
    action = ReplyAction{reply->status, reply->body};
  return made = std::make_shared<const Route>(Route{std::move(name), std::move(action)});
}

Actions::Action Actions::compile(const FlatRoute& flat, const resources::ForwardTo& forward) {
  auto refs = forward.destinations;
  if (refs.empty() && flat.table->default_destination)
    refs.push_back(*flat.table->default_destination);
  auto destinations = find_destinations(flat, refs);
  if (!destinations) return broken(flat, "forwardTo.destinations", destinations.error());

  if (const auto path = check_path(forward.path_rewrite); !path)
    return broken(flat, "forwardTo.pathRewrite", path.error());
  if (!forward.host_rewrite.empty())
    if (const auto host = check_host(forward.host_rewrite); !host)
      return broken(flat, "forwardTo.hostRewrite", host.error());

  ForwardAction action;
  action.destinations = std::move(*destinations);
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
  const auto severity = reason.code == base::Code::not_found ? Severity::warning : Severity::error;
  auto& problem = problems_.emplace_back(
      route_problem(severity, *flat.table, flat.index, field, reason.message));
  if (severity == Severity::warning) problem.hint = "it must come from another cluster";
  return say_broken(name_of(*flat.table, flat.index), reason.message);
}

base::Result<std::vector<WeightedUpstream>> Actions::find_destinations(
    const FlatRoute& flat, const std::vector<resources::DestinationRef>& refs) {
  if (refs.empty()) return base::invalid("no destinations, and the table has no default");
  std::vector<std::optional<std::uint32_t>> weights;
  for (const auto& ref : refs) weights.push_back(ref.weight);
  // The weight of a sole destination says nothing.
  if (refs.size() == 1) weights.front().reset();
  const auto parts = shares(weights);
  if (!parts) return parts.error();

  std::vector<WeightedUpstream> destinations;
  std::string missing;
  std::size_t known = 0;
  bool may_come = false, unheard = false;
  for (std::size_t i = 0; i < refs.size(); ++i) {
    auto& destination = destinations.emplace_back();
    destination.share = (*parts)[i];
    auto target = upstreams_.find(refs[i], flat.table->metadata.namespace_);
    if (target) {
      ++known;
      destination.name = target->upstream->name;
      destination.upstream = std::move(target->upstream);
      destination.host = std::move(target->host);
      continue;
    }
    destination.name = refs[i].ref.name;
    missing = target.error().message;
    if (target.error().code == base::Code::not_found && !comes_by_gossip(refs[i]))
      missing += " (if another cluster has it, ref.cluster must say so)";
    may_come = may_come || comes_by_gossip(refs[i]);
    const bool not_yet = target.error().code == base::Code::unavailable;
    unheard = unheard || not_yet;
    if (refs.size() > 1 || not_yet)
      problems_.push_back(route_problem(Severity::warning, *flat.table, flat.index,
                                        "forwardTo.destinations[" + std::to_string(i) + ']',
                                        missing));
  }
  if (known == 0 && !unheard && may_come) return base::Error{base::Code::not_found, missing};
  if (known == 0 && !unheard) return base::invalid(missing);
  fail_over(destinations);
  return destinations;
}

}  // namespace forwarder
