#include "forwarder/explain.hpp"

#include "forwarder/dot_segments.hpp"
#include "forwarder/treatment.hpp"

namespace forwarder {
namespace {

void add_outcome(const Table& table, const Entry& entry, const Request& request,
                 Explanation& explanation) {
  base::Random random(0);  // which destination it draws does not show: all are listed
  const auto decision = act(entry, request, table, random);
  explanation.route = decision.route;
  if (entry.route->treatment) explanation.policies = entry.route->treatment->policies;
  if (const auto* reply = std::get_if<Reply>(&decision.action)) {
    explanation.reply = *reply;
    return;
  }
  const auto& action = *std::get_if<ForwardAction>(&entry.route->action);
  explanation.target = target_sent(*std::get_if<Forward>(&decision.action), *request.head);
  const LivingShares living(action.destinations, table.upstreams);
  for (const auto& to : action.destinations) {
    auto& explained = explanation.destinations.emplace_back();
    explained.name = to.name;
    if (to.upstream != kNoUpstream) explained.upstream = table.upstreams[to.upstream];
    if (explained.upstream && explained.upstream->policy)
      explained.policies = explained.upstream->policy->policies;
    const auto& rewritten = action.auto_host ? to.host : action.host;
    explained.host = rewritten.empty() ? request.head->authority : rewritten;
    explained.share = to.share;
    explained.drawn_by = living.share(to);
  }
}

}  // namespace

Explanation explain(const Table& table, const Request& asked) {
  const SeenRequest seen(asked);
  const auto& request = *seen;
  Explanation explanation;
  const auto* host = table.routes->find(request);
  if (!host) {
    explanation.reply = unknown_host(table);
    return explanation;
  }
  explanation.virtual_host = host->pattern;
  for (const auto* entry : host->routes->entries()) {
    const auto miss = mismatch(entry->matcher, request);
    explanation.verdicts.push_back({entry->route->name, describe(entry->matcher),
                                    miss ? describe(entry->matcher, *miss, request) : ""});
    if (miss) continue;
    add_outcome(table, *entry, request, explanation);
    return explanation;
  }
  explanation.reply = no_route();
  return explanation;
}

}  // namespace forwarder
