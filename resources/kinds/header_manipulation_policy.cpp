#include "resources/header_manipulation_policy.hpp"

#include "resources/kinds/policy_targets.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/kinds/references.hpp"

namespace resources {
namespace {

void read_removed(Fields& config, std::string_view name, std::vector<HeaderField>& out) {
  const auto list = config.find(name);
  if (!list) return;
  if (!list->node().is_list()) return list->expected("a list");
  for (const Node& item : list->node().children) {
    const Value value(item, *list);
    auto& field = out.emplace_back();
    field.place = value.place();
    read(value, field.name);
  }
}

void read_appended(Fields& config, std::string_view name, std::vector<HeaderField>& out) {
  const auto map = config.find(name);
  if (!map) return;
  if (!map->node().is_map()) return map->expected("a map");
  for (const Node& member : map->node().children) {
    const Value value(member, *map);
    auto& field = out.emplace_back();
    field.name = member.key;
    field.place = value.place();
    read(value, field.value);
    if (field.value.find('%') != std::string::npos)
      value.warn("sent as it is written: %NAME% is not replaced here",
                 "write a fixed value, or leave it to the upstream");
  }
}

}  // namespace

void read(const Value& document, HeaderManipulationPolicy& out) {
  Fields fields(document);
  read_envelope(fields, out.metadata);
  const auto value = fields.find("spec");
  if (!value) return fields.missing("spec");

  Fields spec(*value);
  spec.optional("applyToRoutes", out.routes);
  spec.optional("applyToRouteDestinations", out.route_destinations);
  if (out.routes.empty() && out.route_destinations.empty()) out.routes.emplace_back();
  const auto config = spec.find("config");
  if (!config) return spec.missing("config");
  Fields changes(*config);
  read_removed(changes, "removeRequestHeaders", out.request.remove);
  read_appended(changes, "appendRequestHeaders", out.request.append);
  read_removed(changes, "removeResponseHeaders", out.response.remove);
  read_appended(changes, "appendResponseHeaders", out.response.append);
}

}  // namespace resources
