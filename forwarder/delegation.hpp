// Makes one ordered list of routes out of a root table and the tables it delegates to (gloo.md §2
// "Delegation").
//
// A delegating route is replaced by the routes of the tables it selects, which inherit its
// matchers: paths are concatenated, everything else is ANDed, several matchers on both sides give
// their cross product. A pair that can hold for no request is left out. Tables come by weight, then
// as listed, then by age; with ROUTE_SPECIFICITY the flattened routes are sorted by their most
// specific matcher instead: exact, regex, prefix, longer paths first.
//
// A delegating route that can't be resolved as written (nothing selected, a cycle, a child that
// could never match) is one broken route with its own matchers, and a problem on the table that
// holds it; the others are not touched. Thread: pure.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "resources/route_table.hpp"
#include "resources/shared_list.hpp"

namespace forwarder {

inline constexpr std::size_t kMaxDelegationDepth = 16;
// Matchers that the delegations of one root may make; those of a delegation that is cut off count
// for the second only, which bounds the work.
inline constexpr std::size_t kMaxFlatMatchers = 100'000;
inline constexpr std::size_t kMaxTriedMatchers = 10 * kMaxFlatMatchers;

struct FlatRoute {
  const resources::RouteTable* table = nullptr;    // the one it is written in
  std::size_t index = 0;                           // in that table
  std::vector<resources::HttpMatcher> matchers;    // with what is inherited; never empty
  std::vector<const resources::RouteTable*> path;  // from the root to `table`
  std::vector<const resources::HttpRoute*> via;  // that delegate, in each table of `path` before it
  std::string broken;                            // why it can't be followed; "" = it can

  const resources::HttpRoute& route() const { return table->http[index]; }
  // What policies select it by. Of one key, the route's own label goes before its table's, that
  // before the delegating route's, and so on up to the root (gloo.md §2 "Label inheritance").
  base::Labels labels() const;
};

class Delegation {
 public:
  Delegation(const resources::SharedList<resources::RouteTable>& tables,
             std::string_view own_cluster, resources::Problems& problems);

  // Once.
  std::vector<FlatRoute> flatten(const resources::RouteTable& root);

  // What it went by.
  struct Followed {
    std::vector<const resources::ObjectSelector*> selectors;  // in the tables
    std::set<const resources::RouteTable*> reached;           // those that are delegated to
  };
  const Followed& followed() const { return followed_; }

 private:
  using Tables = std::vector<const resources::RouteTable*>;
  using Matchers = std::vector<resources::HttpMatcher>;

  base::Result<std::vector<FlatRoute>> routes_of(const resources::RouteTable& table,
                                                 const Matchers& inherited);
  base::Result<std::vector<FlatRoute>> follow(const resources::Delegate& delegate,
                                              const Matchers& inherited);
  base::Result<Tables> select(const resources::Delegate& delegate);
  base::Result<Tables> select(const resources::ObjectSelector& selector);

  const resources::SharedList<resources::RouteTable>& tables_;
  std::string own_cluster_;
  resources::Problems& problems_;
  Tables path_;  // from the root to the table in hand
  std::vector<const resources::HttpRoute*> via_;
  std::size_t matchers_ = 0, tried_ = 0;  // made for this root
  Followed followed_;
};

// Both at once: what only requests satisfying both match. The error says why there can be none.
base::Result<resources::HttpMatcher> merge(const resources::HttpMatcher& parent,
                                           const resources::HttpMatcher& child);

// "bookinfo/reviews", and "bookinfo/reviews[2] canary".
std::string name_of(const resources::RouteTable& table);
std::string name_of(const resources::RouteTable& table, std::size_t route);

// A problem with one route: names its table, its place and the field below spec.http[route].
resources::Problem route_problem(resources::Severity severity, const resources::RouteTable& table,
                                 std::size_t route, std::string_view field, std::string message);

}  // namespace forwarder
