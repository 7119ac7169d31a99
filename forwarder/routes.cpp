#include "forwarder/routes.hpp"

#include <algorithm>

#include "base/fetch.hpp"
#include "forwarder/dot_segments.hpp"
#include "forwarder/hosts.hpp"

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
  if (host.empty()) return path;
  return redirect.https ? "https://" + normal_host(host) + path : "http://" + host + path;
}

const std::shared_ptr<const Upstream>& at(const UpstreamList& upstreams, UpstreamId id) {
  static const std::shared_ptr<const Upstream> none;
  return id == kNoUpstream ? none : upstreams[id];
}

struct Act {
  const Entry& entry;
  const Request& request;
  const http::RequestHead& head;
  const UpstreamList& upstreams;
  base::Random& random;
  const LoadView* load;

  Decision decided(std::variant<Forward, Reply> action,
                   const std::shared_ptr<const Treatment>& treatment) const {
    return {std::move(action), entry.route->name, InTable<Treatment>(treatment)};
  }
  Decision operator()(const ForwardAction& action) const {
    const auto& destination = action.draw(upstreams, random, load);
    Forward forward;
    forward.upstream = UpstreamRef(at(upstreams, destination.upstream));
    if (request.path_differs || !action.path.is_none())
      forward.target = with_query(rewrite_path(action.path, entry.matcher, head.path), head);
    // A wildcard is nobody's name.
    const bool is_name = !destination.host.empty() && !destination.host.starts_with('*');
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
int distress(const Upstream* upstream) {
  if (!upstream || upstream->tiers.empty()) return 2;
  return upstream->fail_open ? 1 : 0;
}

// Some endpoint of it has not just failed. The first that is asked says so where nothing is wrong.
bool is_promising(const Upstream* upstream, const LoadView& load) {
  return upstream && std::ranges::any_of(upstream->tiers, [&](const Tier& tier) {
           return std::ranges::any_of(tier.members,
                                      [&](const Member& member) { return !load.avoid(member); });
         });
}

// Null when all shares are 0.
template <class Share>
const WeightedUpstream* draw_of(const Destinations& destinations, base::Random& random,
                                Share share) {
  std::uint64_t total = 0;
  for (const auto& destination : destinations) total += share(destination);
  if (total == 0) return nullptr;
  auto drawn = random.below(total);
  for (const auto& destination : destinations) {
    if (drawn < share(destination)) return &destination;
    drawn -= share(destination);
  }
  return nullptr;
}

}  // namespace

LivingShares::LivingShares(const Destinations& destinations, const UpstreamList& upstreams)
    : upstreams_(upstreams) {
  for (const auto& destination : destinations)
    if (destination.share > 0)
      best_ = std::min(best_, distress(at(upstreams, destination.upstream).get()));
}

std::uint32_t LivingShares::share(const WeightedUpstream& destination) const {
  return distress(at(upstreams_, destination.upstream).get()) == best_ ? destination.share : 0;
}

const WeightedUpstream& ForwardAction::draw(const UpstreamList& upstreams, base::Random& random,
                                            const LoadView* load) const {
  if (destinations.size() == 1) return destinations.front();
  const LivingShares living(destinations, upstreams);
  const auto* drawn = draw_of(destinations, random, [&](const auto& d) { return living.share(d); });
  if (!drawn) return destinations.front();
  const auto promising = [&](const WeightedUpstream& destination) {
    return is_promising(at(upstreams, destination.upstream).get(), *load);
  };
  if (!load || promising(*drawn)) return *drawn;
  const auto* other = draw_of(destinations, random, [&](const auto& destination) {
    return promising(destination) ? living.share(destination) : 0;
  });
  return other ? *other : *drawn;
}

void VirtualHost::add(const Entry& entry) {
  index_.add(entry.matcher);
  entries_.push_back(&entry);
}

const Entry* VirtualHost::find(const Request& request) const {
  Search search{request};
  index_.look(search);
  return search.best ? entries_[*search.best] : nullptr;
}

Hosts::Hosts(List hosts, const Hosts& before) : hosts_(std::move(hosts)), index_(before.index_) {
  if (std::ranges::equal(hosts_, before.hosts_, [](const auto& one, const auto& other) {
        return one == other || one->pattern == other->pattern;
      }))
    return;
  auto index = std::make_shared<HostIndex>();
  for (std::uint32_t place = 0; place < hosts_.size(); ++place)
    index->add(hosts_[place]->pattern, place);
  index->seal();
  index_ = std::move(index);
}

const Host* Routes::find(const Request& request) const {
  NormalHost normal(request.head->authority);
  const auto name = normal.view();
  for (const auto& gateway : gateways) {
    if (gateway.port != request.port) continue;
    const auto* host = gateway.hosts->find_exact(name);
    if (!host) host = gateway.hosts->find_wildcard(name);
    if (host || !gateway.is_meshs) return host;
  }
  if (const auto* exact = named->find_exact(name)) return exact;
  if (const auto* exact = plain->find_exact(name)) return exact;
  const auto* wild = named->find_wildcard(name);
  const auto* plain_wild = plain->find_wildcard(name);
  if (!wild || !plain_wild) return wild ? wild : plain_wild;
  return plain_wild->pattern.size() <= wild->pattern.size() ? wild : plain_wild;
}

Decision act(const Entry& entry, const Request& request, const Table& table, base::Random& random,
             const LoadView* load) {
  base::fetch(entry.route.get(), sizeof(Route));
  return std::visit(Act{entry, request, *request.head, table.upstreams, random, load},
                    entry.route->action);
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
  return act(*entry, *seen, *this, random, load);
}

}  // namespace forwarder
