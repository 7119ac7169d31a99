// What becomes of a request by Gloo's rules (gloo.md §1, §2), found the slow way: straight from the
// parsed tables, every matcher of every route in order. It shares nothing with the forwarder, whose
// index, matchers, delegation and rewriting it is there to judge.
//
// Only what Gloo says and published tables use: a rule that it leaves open throws. Thread: values.
#pragma once

#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "resources/route_table.hpp"
#include "resources/shared_list.hpp"

namespace linear {

// A workload of the mesh.
struct Caller {
  base::IpAddress ip;
  base::Labels labels;
  std::string name, namespace_, cluster;
};

struct Asked {
  std::string method = "GET", host, target = "/";
  std::vector<std::pair<std::string, std::string>> headers;
  const Caller* from = nullptr;  // null: nobody that the mesh knows

  std::string path() const { return target.substr(0, target.find('?')); }
  std::string to_string() const;
};

struct NotSaid : std::logic_error {
  using std::logic_error::logic_error;
};

// A way to match: a matcher with those above it that it inherits.
struct Way {
  std::optional<resources::PathMatch> path;         // with what the parents prepend …
  std::string below;                                // … which is here for a regex
  std::vector<const resources::HttpMatcher*> asks;  // of headers, parameters, method and port
};

struct FlatRoute {
  const resources::RouteTable* table = nullptr;  // that it is written in
  std::size_t index = 0;
  std::vector<Way> ways;
  std::vector<const resources::RouteTable*> path;  // from the root to `table`
  bool broken = false;                             // it delegates to what can't be had
};

struct Answer {
  // "404"; "shop/main[0] 500"; "shop/main[0] /path?query", with " host a.example" where that is
  // rewritten; "shop/main[0] 301 http://a.example/".
  std::string text;
  // Where a forwarded request may go: kind and names of destinations, as written.
  std::vector<resources::DestinationRef> destinations;
  std::string home;  // their default namespace
};

class Routes {
 public:
  // `tables` hold what the root may delegate to. Both outlive it.
  Routes(const resources::RouteTable& root,
         const resources::SharedList<resources::RouteTable>& tables);

  Answer answer(const Asked& asked) const;
  const std::vector<FlatRoute>& flat() const { return flat_; }

 private:
  using Tables = std::vector<const resources::RouteTable*>;

  std::vector<FlatRoute> flatten(const resources::RouteTable& table, const Tables& above,
                                 const std::vector<Way>& inherited) const;
  Tables select(const resources::Delegate& delegate) const;

  const resources::RouteTable& root_;
  const resources::SharedList<resources::RouteTable>& tables_;
  std::vector<FlatRoute> flat_;
};

// Whether it holds for the whole of a request.
bool matches(const Way& way, const Asked& asked);
bool is_selected(const Caller& caller, const resources::RouteTable& table);

}  // namespace linear
