#include "resources/route_table.hpp"

#include <set>

#include "resources/kinds/http_route.hpp"
#include "resources/kinds/names.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/kinds/references.hpp"

namespace resources {
namespace {

constexpr std::size_t kMaxRoutes = 10'000;

constexpr Choice<FailureMode> kFailureModes[] = {
    {"ROUTE_REPLACEMENT", FailureMode::route_replacement, 0},
    {"FREEZE_CONFIG", FailureMode::freeze_config, 1},
};
// What only a table with hosts may have: a delegate's child takes these from its parents.
constexpr std::string_view kRootOnly[] = {"virtualGateways", "applyToDestinations", "failureMode",
                                          "virtualServiceAnnotations"};

// A WorkloadSelector is an ObjectSelector with a kind and a port around it.
void read_workloads(Fields& spec, std::vector<ObjectSelector>& out) {
  const auto list = spec.find("workloadSelectors");
  if (!list) return;
  if (!list->node().is_list()) return list->expected("a list");
  for (const Node& item : list->node().children) {
    const Value value(item, *list);
    Fields fields(value);
    fields.optional("selector", out.emplace_back());
    fields.ignored({"kind"});
    fields.unsupported({"port"});
  }
}

void read_hosts(Fields& spec, std::vector<std::string>& out) {
  const auto list = spec.find("hosts");
  if (!list) return;
  read(*list, out, Wildcards::allowed);
  if (!list->node().is_list() || list->node().children.size() != out.size()) return;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!seen.insert(out[i]).second)
      Value(list->node().children[i], *list)
          .warn("host \"" + out[i] + "\" is given twice", "keep one of them");
  }
}

// What a child may not have.
void check_hosts(const Value& spec, const RouteTable& table) {
  if (!table.hosts.empty()) return;
  for (const auto name : kRootOnly) {
    const Node* field = find_field(spec.node(), name);
    if (!field) continue;
    Value(*field, spec)
        .error("a table without hosts is a delegate's child and cannot have this",
               "add hosts, or move it to the parent");
  }
}

// What a forwardTo without destinations needs, and nothing else does.
void check_default_destination(const Value& spec, const RouteTable& table) {
  bool forwards = false;
  for (std::size_t i = 0; i < table.http.size(); ++i) {
    const auto* forward = std::get_if<ForwardTo>(&table.http[i].action);
    forwards = forwards || forward;
    if (!forward || !forward->destinations.empty() || table.default_destination) continue;
    const Value http(*find_field(spec.node(), "http"), spec);
    const Value route(http.node().children[i], http);
    if (find_field(route.node(), "forwardTo")) {
      route.error("a route to nothing: forwardTo has no destinations",
                  "list destinations, or give the table a defaultDestination");
    }
  }
  if (table.default_destination && table.default_destination->weight) {
    Value(*find_field(spec.node(), "defaultDestination"), spec)
        .warn("its weight says nothing: a default destination takes everything",
              "leave the weight out");
  }
  if (table.default_destination && !forwards) {
    spec.warn("defaultDestination is used by no route",
              "only forwardTo without destinations uses it");
  }
}

void check_names(const Value& http, const std::vector<HttpRoute>& routes) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < routes.size(); ++i) {
    if (routes[i].name.empty() || seen.insert(routes[i].name).second) continue;
    Value(http.node().children[i], http)
        .warn("another route is called \"" + routes[i].name + "\" too",
              "explain and metrics cannot tell them apart");
  }
}

void read_routes(const Value& http, std::vector<HttpRoute>& out) {
  if (!http.node().is_list()) return http.expected("a list");
  if (http.node().children.size() > kMaxRoutes) {
    return http.error(std::to_string(http.node().children.size()) + " routes",
                      "at most " + std::to_string(kMaxRoutes) + " in one table; delegate the rest");
  }
  out.reserve(http.node().children.size());
  for (const Node& item : http.node().children) read(Value(item, http), out.emplace_back());
  check_names(http, out);
}

}  // namespace

void read(const Value& document, RouteTable& out) {
  Fields fields(document);
  read_envelope(fields, out.metadata);
  const auto value = fields.find("spec");
  if (!value) return fields.missing("spec");

  Fields spec(*value);
  read_hosts(spec, out.hosts);
  spec.optional("virtualGateways", out.virtual_gateways);
  out.has_workload_selectors = find_field(value->node(), "workloadSelectors") != nullptr;
  read_workloads(spec, out.workload_selectors);
  spec.optional("defaultDestination", out.default_destination);
  const auto http = spec.find("http");
  if (http) read_routes(*http, out.http);
  spec.optional("weight", out.weight);
  spec.optional("failureMode", out.failure_mode, kFailureModes);
  spec.unsupported({"tcp", "tls", "applyToDestinations"});
  spec.ignored({"portalMetadata", "virtualServiceAnnotations"});

  if (!value->node().is_map()) return;
  if (!http && !find_field(value->node(), "tcp") && !find_field(value->node(), "tls")) {
    value->error("no routes", "add http: with at least one route");
  }
  check_hosts(*value, out);
  if (http && http->node().is_list()) check_default_destination(*value, out);
}

}  // namespace resources
