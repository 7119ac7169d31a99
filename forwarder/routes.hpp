// The compiled virtual hosts: per host the matchers in order, each leading to a route, each route
// to an action.
//
// Delegation, inheritance, weights and defaults are resolved when this is made (compile.hpp); at a
// request's time there are only hosts, ordered matchers and actions. Thread: immutable once in a
// Table.
#pragma once

#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "forwarder/hosts.hpp"
#include "forwarder/matcher.hpp"
#include "forwarder/path_index.hpp"
#include "forwarder/path_rewrite.hpp"
#include "forwarder/table.hpp"

namespace forwarder {

struct WeightedUpstream {
  std::string name;                              // as the upstream's, or of what was not found
  UpstreamId upstream = kNoUpstream;             // none: not known here
  std::string host;                              // for autoHostRewrite
  std::uint32_t share = 0;                       // of 100, as written
  std::shared_ptr<const Treatment> treatment{};  // instead of the route's; null = the route's
};

// Most routes have one, which is in the route itself.
using Destinations = absl::InlinedVector<WeightedUpstream, 1>;

// What is drawn from, of several destinations, with the endpoints that they have now: one without
// any leaves its share to the others instead of failing it; so does one that has only ill endpoints
// while another has healthy ones. A share of 0 never gets any.
class LivingShares {
 public:
  LivingShares(const Destinations& destinations, const UpstreamList& upstreams);
  // What the destination is drawn by; 0: never.
  std::uint32_t share(const WeightedUpstream& destination) const;

 private:
  const UpstreamList& upstreams_;
  int best_ = 2;
};

struct ForwardAction {
  Destinations destinations;  // never empty
  PathRewrite path;
  std::string host;  // hostRewrite; "" = none
  bool auto_host = false;

  // By share; of what all endpoints are to be avoided by the others' shares, while there are some.
  const WeightedUpstream& draw(const UpstreamList& upstreams, base::Random& random,
                               const LoadView* load) const;
};

struct RedirectAction {
  std::string host, path;  // "" = the request's own
  std::uint16_t code = 301;
  bool https = false;  // instead of http, at its usual port
};

struct ReplyAction {
  std::uint16_t status = 200;
  std::string body;
  bool broken = false;  // what the route should do cannot be done
};

struct Route {
  std::string name;  // "bookinfo/reviews[2] canary"
  std::variant<ForwardAction, RedirectAction, ReplyAction> action;
  std::shared_ptr<const Treatment> treatment{};  // by policies; null = none
};

struct Entry {
  Matcher matcher;
  std::shared_ptr<const Route> route;
};

using Entries = std::vector<Entry>;

// The routes of one host, out of one or several lists of entries, which it holds.
class VirtualHost {
 public:
  void hold(std::shared_ptr<const Entries> list) { held_.push_back(std::move(list)); }
  // Of a list held; the next in order.
  void add(const Entry& entry);
  void seal() { index_.seal(); }

  // The first that matches wins.
  const std::vector<const Entry*>& entries() const { return entries_; }
  const Entry* find(const Request& request) const;  // null: no route matches

 private:
  std::vector<std::shared_ptr<const Entries>> held_;
  std::vector<const Entry*> entries_;
  PathIndex index_;  // of the entries' matchers
};

struct Host {
  std::string pattern;
  std::shared_ptr<const VirtualHost> routes;  // shared by hosts that the same tables serve
};

class Hosts {
 public:
  using List = std::vector<std::shared_ptr<const Host>>;

  Hosts() = default;
  // Each pattern once, in normal form. The index is taken from `before` where the patterns are the
  // same.
  Hosts(List hosts, const Hosts& before);

  const List& list() const { return hosts_; }
  // Null: none.
  const Host* find_exact(std::string_view name) const { return at(index_->find_exact(name)); }
  const Host* find_wildcard(std::string_view name) const { return at(index_->find_wildcard(name)); }

 private:
  const Host* at(std::optional<std::uint32_t> place) const {
    return place ? hosts_[*place].get() : nullptr;
  }

  List hosts_;
  std::shared_ptr<const HostIndex> index_ = std::make_shared<const HostIndex>();  // their places
};

// What is served on a port that a VirtualGateway opens.
struct GatewayPort {
  std::uint16_t port = 0;
  std::shared_ptr<const Hosts> hosts;
  bool is_meshs = false;  // too: what the gateway does not name is the mesh's
};
using GatewayPorts = std::vector<GatewayPort>;

struct Routes {
  std::shared_ptr<const Hosts> named = std::make_shared<const Hosts>();  // that tables name
  std::shared_ptr<const Hosts> plain = named;  // the others' (plain_hosts.hpp)

  GatewayPorts gateways{};  // each port once

  // The host itself, or the longest wildcard; null: unknown host.
  const Host* find(const Request& request) const;
};

// The entry that takes the request carried out: the same for decide() and explain().
Decision act(const Entry& entry, const Request& request, const Table& table, base::Random& random,
             const LoadView* load = nullptr);

// Path and query as they go upstream, also where they go as they came.
std::string target_sent(const Forward& forward, const http::RequestHead& head);

Reply unknown_host(const Table& table);
Reply no_route();

}  // namespace forwarder
