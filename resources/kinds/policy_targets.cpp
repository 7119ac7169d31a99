#include "resources/kinds/policy_targets.hpp"

#include "resources/kinds/references.hpp"

namespace resources {
namespace {

// A route has labels and stands in a table that has the rest; it is not selected by name.
void read_route(const Value& value, ObjectSelector& out) {
  Fields fields(value);
  fields.optional("labels", out.labels);
  fields.optional("namespace", out.namespace_);
  fields.optional("cluster", out.cluster);
  if (const auto workspace = fields.find("workspace")) read_workspace(*workspace, out);
}

}  // namespace

void read(const Value& value, DestinationSelector& out) {
  Fields fields(value);
  fields.optional("selector", out.object);
  if (const auto kind = fields.find("kind")) read_destination_kind(*kind, out.kind);
  fields.optional("port", out.port);
}

void read(const Value& value, RouteSelector& out) {
  Fields fields(value);
  fields.one_of({"route", "withDestinations"});
  if (const auto route = fields.find("route")) read_route(*route, out.route);
  fields.optional("withDestinations", out.with_destinations);
}

void read(const Value& value, RouteDestinationSelector& out) {
  Fields fields(value);
  if (const auto route = fields.find("route")) read_route(*route, out.route);
  fields.optional("onDestinations", out.destinations);
}

}  // namespace resources
