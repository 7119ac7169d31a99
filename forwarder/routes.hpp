// The compiled virtual hosts: per host the matchers in order, each leading to a route, each route
// to an action.
//
// Delegation, inheritance, weights and defaults are resolved when this is made (compile.hpp); at a
// request's time there are only hosts, ordered matchers and actions. Thread: immutable once in a
// Table.
#pragma once

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
  std::shared_ptr<const Upstream> upstream;      // null: not known here
  std::string host;                              // for autoHostRewrite
  std::uint32_t share = 0;                       // of 100, as written
  std::uint32_t effective = 0;                   // what is drawn by: see fail_over()
  std::shared_ptr<const Treatment> treatment{};  // instead of the route's; null = the route's
};

// A weighted destination without endpoints leaves its share to the others instead of failing it; so
// does one that has only ill endpoints while another has healthy ones. A share of 0 never gets any.
void fail_over(std::vector<WeightedUpstream>& destinations);

struct ForwardAction {
  std::vector<WeightedUpstream> destinations;  // never empty
  PathRewrite path;
  std::string host;  // hostRewrite; "" = none
  bool auto_host = false;

  // By share; of what all endpoints are to be avoided by the others' shares, while there are some.
  const WeightedUpstream& draw(base::Random& random, const LoadView* load) const;
};

struct RedirectAction {
  std::string host, path;  // "" = the request's own
  std::uint16_t code = 301;
};

struct ReplyAction {
  std::uint16_t status = 200;
  std::string body;
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

struct VirtualHost {
  std::vector<Entry> entries;  // the first that matches wins
  PathIndex index;             // of the entries' matchers

  const Entry* find(const Request& request) const;  // null: no route matches
};

struct Routes {
  struct Host {
    std::string pattern;
    std::shared_ptr<const VirtualHost> routes;  // shared by hosts that the same tables serve
  };
  using Hosts = std::vector<std::shared_ptr<const Host>>;

  std::vector<Host> hosts;  // that tables name
  HostIndex index;
  Hosts plain;  // the others' (plain_hosts.hpp)
  std::shared_ptr<const HostIndex> plain_index;

  // The host itself, or the longest wildcard; null: unknown host.
  const Host* find(const Request& request) const;
};

// The entry that takes the request carried out: the same for decide() and explain().
Decision act(const Entry& entry, const Request& request, base::Random& random,
             const LoadView* load = nullptr);

// Path and query as they go upstream, also where they go as they came.
std::string target_sent(const Forward& forward, const http::RequestHead& head);

Reply unknown_host(const Table& table);
Reply no_route();

}  // namespace forwarder
