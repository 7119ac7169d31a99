// Delegates that select nothing, and delegation cycles.
#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "resources/cross_checks.hpp"
#include "resources/suggest.hpp"

namespace resources {
namespace {

constexpr std::size_t kMaxEdges = 1'000'000;  // delegations between tables that delegate themselves

using Index = std::size_t;  // of a table

class Graph {
 public:
  Graph(const SharedList<RouteTable>& tables, Problems& problems)
      : tables_(tables), problems_(problems) {
    for (Index i = 0; i < tables_.size(); ++i) {
      all_.push_back(i);
      by_name_[tables_[i].metadata.name].push_back(i);
      for (const auto& [key, value] : tables_[i].metadata.labels)
        by_label_[key + '=' + value].push_back(i);
    }
  }

  // The tables that close a cycle.
  std::set<Index> offending() {
    edges_.resize(tables_.size());
    for (const Index i : all_) follow(i);
    // From the roots first: there the order is the one in which requests would walk.
    std::stable_partition(all_.begin(), all_.end(),
                          [this](Index i) { return !tables_[i].hosts.empty(); });
    for (const Index i : all_) walk(i);
    return std::move(offending_);
  }

 private:
  struct Edge {
    std::size_t route;
    Index to;
  };
  struct Step {
    Index table;
    std::size_t next = 0;  // edge
  };

  const std::vector<Index>& candidates(const ObjectSelector& selector) const {
    const auto in = [this](const auto& index, const std::string& key) -> const std::vector<Index>& {
      const auto found = index.find(key);
      return found == index.end() ? none_ : found->second;
    };
    if (!selector.name.empty()) return in(by_name_, selector.name);
    if (selector.labels.empty()) return all_;
    const auto& [key, value] = *selector.labels.begin();
    return in(by_label_, key + '=' + value);
  }

  void follow(Index from) {
    for (std::size_t route = 0; route < tables_[from].http.size(); ++route) {
      const auto* delegate = std::get_if<Delegate>(&tables_[from].http[route].action);
      if (!delegate) continue;
      for (std::size_t i = 0; i < delegate->tables.size(); ++i)
        select(from, route, i, delegate->tables[i]);
    }
  }

  void select(Index from, std::size_t route, std::size_t number, const ObjectSelector& selector) {
    bool any = false, root = false;
    for (const Index i : candidates(selector)) {
      const Metadata& object = tables_[i].metadata;
      // Which cluster this is is not known here: an object that names none may be in any.
      const auto& cluster = object.cluster.empty() ? selector.cluster : object.cluster;
      if (!selector.matches(object, cluster)) continue;
      if (!tables_[i].hosts.empty()) {
        root = true;
        continue;
      }
      any = true;
      if (!delegates(i)) continue;
      if (++edge_count_ <= kMaxEdges) edges_[from].push_back({route, i});
      if (edge_count_ == kMaxEdges + 1) {
        complain(Severity::warning, from, route, "",
                 "more than " + std::to_string(kMaxEdges) +
                     " delegations: cycles behind them are not looked for",
                 "");
      }
    }
    if (!any) nothing_selected(from, route, number, selector, root);
  }

  bool delegates(Index i) const {
    return std::any_of(tables_[i].http.begin(), tables_[i].http.end(), [](const HttpRoute& route) {
      return std::holds_alternative<Delegate>(route.action);
    });
  }

  void nothing_selected(Index from, std::size_t route, std::size_t number,
                        const ObjectSelector& selector, bool root) {
    std::string message = "delegates to no table: ", hint;
    if (root) {
      message += "what is selected has hosts, and so is no child";
      hint = "take the hosts out of the child";
    } else if (!selector.name.empty()) {
      message += "no RouteTable is called " + selector.name;
      if (!selector.namespace_.empty()) message += " in namespace " + selector.namespace_;
      std::vector<std::string_view> names;
      for (const auto& known : by_name_) names.push_back(known.first);
      hint = by_name_.contains(selector.name) ? "" : did_you_mean(selector.name, names);
    } else {
      message += "no RouteTable matches the selector";
    }
    complain(Severity::warning, from, route, ".routeTables[" + std::to_string(number) + ']',
             message, hint);
  }

  void complain(Severity severity, Index table, std::size_t route, const std::string& below,
                std::string message, std::string hint) {
    problems_.push_back(about(severity, "RouteTable", tables_[table].metadata,
                              tables_[table].http[route].place,
                              "spec.http[" + std::to_string(route) + "].delegate" + below,
                              std::move(message), std::move(hint)));
  }

  void walk(Index start) {
    if (done_.contains(start)) return;
    std::vector<Step> path{{start}};
    std::set<Index> on_path{start};
    while (!path.empty()) {
      Step& at = path.back();
      if (at.next == edges_[at.table].size()) {
        done_.insert(at.table);
        on_path.erase(at.table);
        path.pop_back();
        continue;
      }
      const Edge edge = edges_[at.table][at.next++];
      if (on_path.contains(edge.to)) {
        close(path, edge);
      } else if (!done_.contains(edge.to)) {
        path.push_back({edge.to});
        on_path.insert(edge.to);
      }
    }
  }

  void close(const std::vector<Step>& path, const Edge& edge) {
    const Index table = path.back().table;
    if (!offending_.insert(table).second) return;
    std::string cycle;
    const auto begin = std::find_if(path.begin(), path.end(),
                                    [&](const Step& step) { return step.table == edge.to; });
    for (auto step = begin; step != path.end(); ++step)
      cycle += '[' + name_of(tables_[step->table].metadata) + "] -> ";
    complain(Severity::error, table, edge.route, "",
             "delegation cycle: " + cycle + '[' + name_of(tables_[edge.to].metadata) + ']',
             "delegate to a table further down");
  }

  const SharedList<RouteTable>& tables_;
  Problems& problems_;
  const std::vector<Index> none_;
  std::vector<Index> all_;
  std::unordered_map<std::string, std::vector<Index>> by_name_, by_label_;
  std::vector<std::vector<Edge>> edges_;
  std::size_t edge_count_ = 0;
  std::set<Index> done_, offending_;
};

}  // namespace

void check_delegation(SharedList<RouteTable>& tables, Problems& problems) {
  const auto offending = Graph(tables, problems).offending();
  Index index = 0;
  erase_if(tables, [&](const RouteTable&) { return offending.contains(index++); });
}

}  // namespace resources
