// Readers for what policy.hpp declares.
#pragma once

#include "resources/binder.hpp"
#include "resources/kinds/references.hpp"
#include "resources/policy.hpp"

namespace resources {

void read(const Value& value, DestinationSelector& out);
void read(const Value& value, RouteSelector& out);
void read(const Value& value, RouteDestinationSelector& out);

// All of a policy for destinations but what its `spec.config` says, which is
// read_config(Fields&)'s.
template <class Policy, class ReadConfig>
void read_destination_policy(const Value& document, Policy& out, ReadConfig&& read_config) {
  Fields fields(document);
  read_envelope(fields, out.metadata);
  const auto value = fields.find("spec");
  if (!value) return fields.missing("spec");
  Fields spec(*value);
  spec.optional("applyToDestinations", out.destinations);
  const auto config = spec.find("config");
  if (!config) return spec.missing("config");
  Fields settings(*config);
  read_config(settings);
}

}  // namespace resources
