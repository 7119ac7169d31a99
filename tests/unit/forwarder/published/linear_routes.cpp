#include "tests/unit/forwarder/published/linear_routes.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

#include "tests/unit/forwarder/published/linear_rewrite.hpp"

namespace linear {
namespace {

using resources::HttpMatcher;
using resources::ObjectSelector;
using resources::RouteTable;
using Kind = resources::PathMatch::Kind;

bool has_labels(const base::Labels& all, const base::Labels& wanted) {
  return std::ranges::all_of(
      wanted, [&](const auto& label) { return std::ranges::find(all, label) != all.end(); });
}

// "single '/' at the joint" (gloo.md §2 Delegation, 4).
std::string one_slash_between(const std::string& front, const std::string& back) {
  const bool twice = !front.empty() && front.back() == '/' && !back.empty() && back.front() == '/';
  return front + (twice ? back.substr(1) : back);
}

// None: nothing can be added to a parent's exact path or regex (Delegation, 5).
std::optional<Way> inherit(const Way& parent, const HttpMatcher& child) {
  Way both = parent;
  both.asks.push_back(&child);
  if (!child.path) return both;
  if (child.path->kind == Kind::separated_prefix) throw NotSaid("Gloo has no such path");
  if (!parent.path) {
    both.path = child.path;
    return both;
  }
  if (parent.path->kind != Kind::prefix) return std::nullopt;
  both.path = child.path;
  // One path has one flag: it ignores case where either part asks for it.
  both.path->ignore_case = parent.path->ignore_case || child.path->ignore_case;
  if (child.path->kind == Kind::regex)
    both.below = parent.path->value;
  else
    both.path->value = one_slash_between(parent.path->value, child.path->value);
  return both;
}

// Exact before regex before prefix; the longer first, but of regexes (Delegation, 3).
std::pair<int, std::size_t> specificity(const FlatRoute& route) {
  std::pair<int, std::size_t> most{0, 0};
  for (const auto& way : route.ways) {
    if (!way.path) continue;
    const auto length = way.path->value.size();
    if (way.path->kind == Kind::exact) most = std::max(most, {3, length});
    if (way.path->kind == Kind::regex) most = std::max(most, {2, std::size_t{0}});
    if (way.path->kind == Kind::prefix) most = std::max(most, {1, length});
  }
  return most;
}

bool is_of(const std::string& host, const std::string& pattern) {
  if (pattern.empty() || pattern.front() != '*') return host == pattern;
  const auto tail = pattern.substr(1);
  return host.size() > tail.size() && host.compare(host.size() - tail.size(), tail.npos, tail) == 0;
}

std::string written(const RouteTable& table, std::size_t index) {
  return table.metadata.namespace_ + '/' + table.metadata.name + '[' + std::to_string(index) + ']';
}

bool has_destination(const std::vector<resources::DestinationRef>& destinations) {
  return std::ranges::any_of(destinations, [](const auto& destination) {
    return destination.kind != resources::DestinationKind::unsupported;
  });
}

// By the route that takes the request, in the way it does.
Answer carried_out(const FlatRoute& flat, const Way& way, const Asked& asked) {
  const auto name = written(*flat.table, flat.index);
  if (flat.broken) return {name + " 500", {}, ""};
  const auto& action = flat.table->http[flat.index].action;
  if (const auto* reply = std::get_if<resources::DirectResponse>(&action))
    return {name + ' ' + std::to_string(reply->status), {}, ""};
  if (const auto* redirect = std::get_if<resources::Redirect>(&action))
    return {name + ' ' + std::to_string(redirect->code) + ' ' + location(*redirect, asked), {}, ""};
  const auto& forward = std::get<resources::ForwardTo>(action);
  auto destinations = forward.destinations;
  if (destinations.empty()) destinations.push_back(flat.table->default_destination.value());
  if (!has_destination(destinations)) return {name + " 500", {}, ""};
  if (forward.auto_host_rewrite) throw NotSaid("no published table asks for autoHostRewrite");
  const auto host = forward.host_rewrite.empty() ? "" : " host " + forward.host_rewrite;
  return {name + ' ' + rewritten(forward, way, asked) + host, std::move(destinations),
          flat.table->metadata.namespace_};
}

}  // namespace

bool is_selected(const Caller& caller, const RouteTable& table) {
  const auto is_or_any = [](const std::string& wanted, const std::string& own) {
    return wanted.empty() || wanted == own;
  };
  const auto& selectors = table.workload_selectors;
  return selectors.empty() || std::ranges::any_of(selectors, [&](const ObjectSelector& selector) {
           return has_labels(caller.labels, selector.labels) &&
                  is_or_any(selector.name, caller.name) &&
                  is_or_any(selector.namespace_, caller.namespace_) &&
                  is_or_any(selector.cluster, caller.cluster);
         });
}

std::string Asked::to_string() const {
  auto text = method + ' ' + host + ' ' + target;
  for (const auto& [name, value] : headers)
    text.append(" ").append(name).append(": ").append(value);
  return from ? text + " from " + from->ip.to_string() : text;
}

Routes::Routes(const RouteTable& root, const resources::SharedList<RouteTable>& tables)
    : root_(root), tables_(tables), flat_(flatten(root, {}, {Way{}})) {}

std::vector<FlatRoute> Routes::flatten(const RouteTable& table, const Tables& above,
                                       const std::vector<Way>& inherited) const {
  auto path = above;
  path.push_back(&table);
  std::vector<FlatRoute> flat;
  for (std::size_t i = 0; i < table.http.size(); ++i) {
    const auto& route = table.http[i];
    FlatRoute own{&table, i, {}, path};
    for (const auto& parent : inherited) {
      if (route.matchers.empty()) own.ways.push_back(parent);
      for (const auto& matcher : route.matchers)
        if (auto both = inherit(parent, matcher)) own.ways.push_back(std::move(*both));
    }
    if (own.ways.empty()) throw NotSaid("a child that can't match");
    const auto* delegate = std::get_if<resources::Delegate>(&route.action);
    if (!delegate) {
      flat.push_back(std::move(own));
      continue;
    }
    std::vector<FlatRoute> children;
    for (const auto* child : select(*delegate))
      for (auto& one : flatten(*child, path, own.ways)) children.push_back(std::move(one));
    if (delegate->sort == resources::SortMethod::route_specificity)
      std::ranges::stable_sort(children, std::greater(), specificity);
    own.broken = children.empty();
    if (own.broken) children.push_back(std::move(own));
    std::ranges::move(children, std::back_inserter(flat));
  }
  return flat;
}

// By weight, then as listed, then by name where no age tells them apart (gloo.md §24). A table with
// hosts is nobody's child.
Routes::Tables Routes::select(const resources::Delegate& delegate) const {
  Tables all;
  for (const auto& selector : delegate.tables) {
    Tables some;
    for (const auto& table : tables_) {
      const auto& object = table.metadata;
      const bool is_it = (selector.name.empty() || selector.name == object.name) &&
                         (selector.namespace_.empty() || selector.namespace_ == object.namespace_);
      if (is_it && table.hosts.empty() && has_labels(object.labels, selector.labels))
        some.push_back(&table);
      if (object.created_at != 0) throw NotSaid("published tables have no age");
    }
    std::ranges::sort(some, {}, [](const RouteTable* table) {
      return std::pair(table->metadata.namespace_, table->metadata.name);
    });
    for (const auto* table : some)
      if (std::ranges::find(all, table) == all.end()) all.push_back(table);
  }
  std::ranges::stable_sort(all, std::greater(),
                           [](const RouteTable* table) { return table->weight; });
  return all;
}

Answer Routes::answer(const Asked& asked) const {
  const auto host = plain_host(asked.host);
  if (std::ranges::none_of(root_.hosts, [&](const auto& one) { return is_of(host, one); }))
    return {"404", {}, ""};
  for (const auto& flat : flat_) {
    const bool is_his = !asked.from || std::ranges::all_of(flat.path, [&](const auto* table) {
      return is_selected(*asked.from, *table);
    });
    if (!is_his) continue;
    for (const auto& way : flat.ways)
      if (matches(way, asked)) return carried_out(flat, way, asked);
  }
  return {"404", {}, ""};
}

}  // namespace linear
