#include "forwarder/routes.hpp"

#include <algorithm>

#include "forwarder/dot_segments.hpp"

namespace forwarder {
namespace {

// Behind the query that the path may have got from a rewrite.
std::string with_query(std::string path, const http::RequestHead& head) {
  const auto* joint = path.find('?') == std::string::npos ? "?" : "&";
  if (head.has_query) path.append(joint).append(head.query);
  return path;
}

// Only plain HTTP comes in here, so the scheme is known. A redirect to another host drops the port,
// which was ours.
std::string location(const RedirectAction& redirect, const http::RequestHead& head) {
  auto path = redirect.path.empty() ? std::string(head.path) : redirect.path;
  // A redirect path with a query of its own replaces the request's (Envoy, path_redirect).
  if (path.find('?') == std::string::npos) path = with_query(std::move(path), head);
  const auto host = redirect.host.empty() ? std::string(head.authority) : redirect.host;
  return host.empty() ? path : "http://" + host + path;
}

struct Act {
  const Entry& entry;
  const Request& request;
  const http::RequestHead& head;
  base::Random& random;
  const LoadView* load;

  Decision decided(std::variant<Forward, Reply> action,
                   const std::shared_ptr<const Treatment>& treatment) const {
    return {std::move(action), entry.route->name, InTable<Treatment>(treatment)};
  }
  Decision operator()(const ForwardAction& action) const {
    const auto& destination = action.draw(random, load);
    Forward forward;
    forward.upstream = UpstreamRef(destination.upstream);
    if (request.path_differs || !action.path.is_none())
      forward.target = with_query(rewrite_path(action.path, entry.matcher, head.path), head);
    // A wildcard is nobody's name.
    const bool is_name = !destination.host.starts_with('*');
    if (!action.auto_host)
      forward.host = action.host;
    else if (is_name)
      forward.host = destination.host;
    // HTTP/1.0 may name no host; the next hop would refuse a request without one.
    if (forward.host.empty() && head.authority.empty() && is_name) forward.host = destination.host;
    return decided(std::move(forward),
                   destination.treatment ? destination.treatment : entry.route->treatment);
  }
  Decision operator()(const RedirectAction& action) const {
    return decided(Reply{action.code, location(action, head), ""}, entry.route->treatment);
  }
  Decision operator()(const ReplyAction& action) const {
    return decided(Reply{action.status, "", action.body}, entry.route->treatment);
  }
};

// 0: healthy endpoints, 1: only ill ones, 2: none.
int distress(const WeightedUpstream& destination) {
  if (!destination.upstream || destination.upstream->tiers.empty()) return 2;
  return destination.upstream->fail_open ? 1 : 0;
}

// Some endpoint of it has not just failed. The first that is asked says so where nothing is wrong.
bool is_promising(const WeightedUpstream& destination, const LoadView& load) {
  return destination.upstream &&
         std::ranges::any_of(destination.upstream->tiers, [&](const Tier& tier) {
           return std::ranges::any_of(tier.members,
                                      [&](const Member& member) { return !load.avoid(member); });
         });
}

// Null when `takes` takes none.
template <class Takes>
const WeightedUpstream* draw_of(const std::vector<WeightedUpstream>& destinations,
                                base::Random& random, Takes takes) {
  std::uint64_t total = 0;
  for (const auto& destination : destinations)
    if (takes(destination)) total += destination.effective;
  if (total == 0) return nullptr;
  auto at = random.below(total);
  for (const auto& destination : destinations) {
    if (!takes(destination)) continue;
    if (at < destination.effective) return &destination;
    at -= destination.effective;
  }
  return nullptr;
}

}  // namespace

void fail_over(std::vector<WeightedUpstream>& destinations) {
  auto best = 2;
  for (const auto& destination : destinations)
    if (destination.share > 0) best = std::min(best, distress(destination));
  for (auto& destination : destinations)
    destination.effective = distress(destination) == best ? destination.share : 0;
}

const WeightedUpstream& ForwardAction::draw(base::Random& random, const LoadView* load) const {
  const auto* drawn = draw_of(destinations, random, [](const auto&) { return true; });
  if (!drawn) return destinations.front();
  if (!load || destinations.size() == 1 || is_promising(*drawn, *load)) return *drawn;
  const auto* other = draw_of(destinations, random, [&](const auto& destination) {
    return destination.effective > 0 && is_promising(destination, *load);
  });
  return other ? *other : *drawn;
}

const Entry* VirtualHost::find(const Request& request) const {
  const auto accept = [&](std::uint32_t ordinal) {
    return !mismatch(entries[ordinal].matcher, request);
  };
  const auto ordinal = index.first(request.head->path, accept);
  return ordinal ? &entries[*ordinal] : nullptr;
}

const Routes::Host* Routes::find(const Request& request) const {
  NormalHost normal(request.head->authority);
  const auto name = normal.view();
  if (const auto exact = index.find_exact(name)) return &hosts[*exact];
  if (plain_index)
    if (const auto exact = plain_index->find_exact(name)) return plain[*exact].get();
  const auto wild = index.find_wildcard(name);
  const auto plain_wild = plain_index ? plain_index->find_wildcard(name) : std::nullopt;
  const auto* found = wild ? &hosts[*wild] : nullptr;
  const auto* other = plain_wild ? plain[*plain_wild].get() : nullptr;
  return found && (!other || other->pattern.size() <= found->pattern.size()) ? found : other;
}

Decision act(const Entry& entry, const Request& request, base::Random& random,
             const LoadView* load) {
  return std::visit(Act{entry, request, *request.head, random, load}, entry.route->action);
}

std::string target_sent(const Forward& forward, const http::RequestHead& head) {
  return forward.target.empty() ? with_query(std::string(head.path), head) : forward.target;
}

Reply unknown_host(const Table& table) {
  if (!table.synced) return {503, "", "not ready: other clusters are not heard yet\n"};
  return {404, "", "no such host here\n"};
}

Reply no_route() { return {404, "", "no route matches\n"}; }

Decision Table::decide(const Request& request, base::Random& random, const LoadView* load) const {
  const SeenRequest seen(request);
  const auto* host = routes->find(*seen);
  if (!host) return {unknown_host(*this), {}};
  const auto* entry = host->routes->find(*seen);
  if (!entry) return {no_route(), {}};
  return act(*entry, *seen, random, load);
}

}  // namespace forwarder
