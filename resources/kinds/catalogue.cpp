#include "resources/kinds/catalogue.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "resources/binder.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/kinds/shapes.hpp"
#include "resources/suggest.hpp"

namespace resources {
namespace {

constexpr std::string_view kGlooGroups = "gloo.solo.io";  // and all that ends in it
constexpr std::string_view kList = "List";

struct Identity {
  std::string api, kind;

  std::string_view group() const {
    return api.find('/') == std::string::npos ? "" : std::string_view(api).substr(0, api.find('/'));
  }
  std::string_view version() const {
    return std::string_view(api).substr(api.find('/') + 1);
  }  // npos + 1 is 0
};

std::string text_of(const Node* node) { return node && node->is_scalar() ? node->text : ""; }

Identity identity(const Node& root) {
  return {text_of(root.find("apiVersion")), text_of(root.find("kind"))};
}

bool is_short_form(const Node& root, const Identity& id) {
  return id.kind.empty() && root.find("service");
}

// "RouteTable " and name_of(): known before the document is read, so that every problem can say it.
std::string object_name(const Node& root, const Identity& id) {
  const std::string kind = is_short_form(root, id) ? "service" : id.kind;
  const Node* metadata = root.find("metadata");
  const std::string name = text_of(metadata ? metadata->find("name") : root.find("service"));
  std::string space = text_of(metadata ? metadata->find("namespace") : root.find("namespace"));
  if (name.empty()) return kind;
  if (space.empty()) space = "default";
  const Node* annotations = metadata ? metadata->find("annotations") : nullptr;
  auto cluster = text_of(annotations ? annotations->find(kClusterAnnotation) : nullptr);
  if (!cluster.empty()) cluster += '/';
  return kind + ' ' + cluster + space + '/' + name;
}

template <auto List>
void read_into(const Value& document, Loaded& out) {
  typename std::decay_t<decltype(out.documents.*List)>::value_type object;
  read(document, object);
  object.metadata.place = document.place();
  auto& documents = document.report().errors() == 0 ? out.documents : out.broken;
  (documents.*List).push_back(std::move(object));
}

struct Reader {
  std::string_view group, version, kind;
  void (*read)(const Value& document, Loaded& out);

  std::string api() const {
    return (group.empty() ? "" : std::string(group) + '/') + std::string(version);
  }
  bool is_gloo() const { return group.ends_with(kGlooGroups); }
  bool reads(const Identity& id) const {
    const bool ours = is_gloo() && id.group() == kOwnGroup && id.version() == kOwnVersion;
    return kind == id.kind && (ours || api() == id.api);
  }
};

constexpr std::array kReaders = {
    Reader{"networking.gloo.solo.io", "v2", "VirtualDestination",
           &read_into<&Documents::virtual_destinations>},
    Reader{"networking.gloo.solo.io", "v2", "RouteTable", &read_into<&Documents::route_tables>},
    Reader{"networking.gloo.solo.io", "v2", "VirtualGateway",
           &read_into<&Documents::virtual_gateways>},
    Reader{"networking.gloo.solo.io", "v2", "ExternalService",
           &read_into<&Documents::external_services>},
    Reader{"networking.gloo.solo.io", "v2", "ExternalEndpoint",
           &read_into<&Documents::external_endpoints>},
    Reader{"", "v1", "Service", &read_into<&Documents::services>},
    Reader{"discovery.k8s.io", "v1", "EndpointSlice", &read_into<&Documents::endpoint_slices>},
    Reader{"discovery.k8s.io", "v1beta1", "EndpointSlice", &read_into<&Documents::endpoint_slices>},
    Reader{"resilience.policy.gloo.solo.io", "v2", RetryTimeoutPolicy::kKind,
           &read_into<&Documents::retry_timeout_policies>},
    Reader{"trafficcontrol.policy.gloo.solo.io", "v2", HeaderManipulationPolicy::kKind,
           &read_into<&Documents::header_manipulation_policies>},
    Reader{"trafficcontrol.policy.gloo.solo.io", "v2", LoadBalancerPolicy::kKind,
           &read_into<&Documents::load_balancer_policies>},
    Reader{"resilience.policy.gloo.solo.io", "v2", OutlierDetectionPolicy::kKind,
           &read_into<&Documents::outlier_detection_policies>},
    Reader{"resilience.policy.gloo.solo.io", "v2", ConnectionPolicy::kKind,
           &read_into<&Documents::connection_policies>},
    Reader{"resilience.policy.gloo.solo.io", "v2", FailoverPolicy::kKind,
           &read_into<&Documents::failover_policies>},
};

// Says what is known of a kind that no reader takes.
void turn_away(const Value& document, const Identity& id) {
  const bool gloo = id.group().ends_with(kGlooGroups) || id.group() == kOwnGroup;
  auto kinds = unsupported_kinds();
  if (gloo && std::find(kinds.begin(), kinds.end(), id.kind) != kinds.end()) {
    document.warn("kind " + id.kind + " is not supported yet: ignored");
    const Node* spec = find_field(document.node(), "spec");
    if (spec) check_shape(Value(*spec, document), "kind " + id.kind);
    return;
  }
  const std::string name = id.kind + " of " + id.api;
  for (const Reader& reader : kReaders) {
    const bool ours = reader.is_gloo() && id.group() == kOwnGroup;
    if (reader.kind == id.kind && (ours || reader.group == id.group())) {
      const auto api =
          ours ? std::string(kOwnGroup) + '/' + std::string(kOwnVersion) : reader.api();
      return document.warn(name + " is not a version Nearmost reads: ignored",
                           "write apiVersion: " + api);
    }
    kinds.push_back(reader.kind);
  }
  if (gloo)
    return document.warn(name + " is an unknown kind: ignored", did_you_mean(id.kind, kinds));
  document.warn(name + " is not a kind Nearmost reads: ignored");
}

// What would have said the kind, where one of the keys is nearly it.
std::string hint_for_no_kind(const Node& root) {
  constexpr std::string_view kTelling[] = {"service", "kind"};
  for (const Node& member : root.children)
    if (auto hint = did_you_mean(member.key, kTelling); !hint.empty())
      return quoted(member.key) + ": " + hint;
  return "a document has apiVersion and kind, or is a service in the short form";
}

void read_object(const Value& document, const Identity& id, Loaded& out) {
  if (!document.node().is_map()) return document.expected("a map with apiVersion and kind");
  if (is_short_form(document.node(), id))
    return read_into<&Documents::static_services>(document, out);
  if (id.kind.empty()) return document.error("no kind", hint_for_no_kind(document.node()));
  for (const Reader& reader : kReaders) {
    if (reader.kind != id.kind) continue;
    if (id.api.empty()) return document.error("no apiVersion", "write apiVersion: " + reader.api());
    if (reader.reads(id)) return reader.read(document, out);
  }
  turn_away(document, id);
}

}  // namespace

std::vector<CustomKind> custom_kinds() {
  std::vector<CustomKind> kinds;
  for (const Reader& reader : kReaders)
    if (reader.is_gloo()) kinds.push_back({reader.group, reader.version, reader.kind});
  return kinds;
}

void read_document(std::string_view file_name, Tree&& tree, Loaded& loaded) {
  auto& problems = loaded.problems;
  const auto read_one = [&](const Node& root, const Identity& id, Problems&& before) {
    Report report(std::string(file_name), problems, UnknownFields::warn);
    report.name_object(object_name(root, id));
    report.adopt(std::move(before));
    read_object(Value(root, report), id, loaded);
  };

  const Identity outer = identity(tree.root);
  const Node* items = outer.kind.ends_with(kList) ? tree.root.find("items") : nullptr;
  if (!items || !items->is_list()) return read_one(tree.root, outer, std::move(tree.problems));

  // kubectl's "kind: List". The items of a ServiceList leave out what the list's own kind says.
  problems.insert(problems.end(), tree.problems.begin(), tree.problems.end());
  if (has_errors(tree.problems)) return;
  for (const Node& item : items->children) {
    Identity id = identity(item);
    if (id.kind.empty() && outer.kind != kList) {
      id = {outer.api, outer.kind.substr(0, outer.kind.size() - kList.size())};
    }
    read_one(item, id, {});
  }
}

}  // namespace resources
