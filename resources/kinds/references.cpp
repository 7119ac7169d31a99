#include "resources/kinds/references.hpp"

#include <chrono>
#include <cstdio>

#include "resources/kinds/names.hpp"

namespace resources {
namespace {

constexpr Choice<DestinationKind> kDestinationKinds[] = {
    {"SERVICE", DestinationKind::service, 0},
    {"VIRTUAL_DESTINATION", DestinationKind::virtual_destination, 1},
    {"EXTERNAL_SERVICE", DestinationKind::external_service, 2},
};

void read_creation(Fields& fields, std::int64_t& out) {
  const auto value = fields.find("creationTimestamp");
  if (!value) return;
  if (const auto seconds = parse_timestamp(value->node().text)) {
    out = *seconds;
  } else {
    value->warn("not a time such as 2024-05-06T07:08:09Z", "age decides who wins a conflict");
  }
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, length = 0;
  const std::string copy(text.substr(0, 40));
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute,
                  &second, &length) != 6) {
    return std::nullopt;
  }
  auto zone = std::string_view(copy).substr(static_cast<std::size_t>(length));
  if (zone.starts_with(".")) {
    zone.remove_prefix(std::min(zone.find_first_not_of("0123456789", 1), zone.size()));
  }
  int offset_minutes = 0;
  if (zone != "Z" && zone != "z") {
    int hours = 0, minutes = 0;
    char sign = 0;
    if (zone.size() != 6 || std::sscanf(zone.data(), "%c%2d:%2d", &sign, &hours, &minutes) != 3) {
      return std::nullopt;
    }
    if (sign != '+' && sign != '-') return std::nullopt;
    offset_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
  }
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 60) {
    return std::nullopt;
  }
  const auto moment =
      sys_days(date) + hours(hour) + minutes(minute - offset_minutes) + seconds(second);
  return moment.time_since_epoch() / seconds(1);
}

void read(const Value& value, Metadata& out) {
  out.place = value.place();
  Fields fields(value);
  if (fields.required("name", out.name) && out.name.empty()) fields.missing("name");
  fields.optional("namespace", out.namespace_);
  if (const Node* name = find_field(value.node(), "name"))
    check_object_name(Value(*name, value), out.name);
  if (const Node* space = find_field(value.node(), "namespace"))
    check_object_name(Value(*space, value), out.namespace_);
  fields.optional("labels", out.labels);
  fields.optional("annotations", out.annotations);
  read_creation(fields, out.created_at);
  fields.ignored({"uid", "resourceVersion", "generation", "generateName", "managedFields",
                  "ownerReferences", "finalizers", "selfLink", "deletionTimestamp",
                  "deletionGracePeriodSeconds", "clusterName"});
  if (out.namespace_.empty()) out.namespace_ = "default";
  if (const auto cluster = out.annotations.find(kClusterAnnotation);
      cluster != out.annotations.end()) {
    out.cluster = cluster->second;
  }
}

void read_envelope(Fields& document, Metadata& metadata) {
  document.ignored({"apiVersion", "kind", "status"});
  document.required("metadata", metadata);
}

void read(const Value& value, ObjectRef& out) {
  out.place = value.place();
  Fields fields(value);
  fields.required("name", out.name);
  fields.optional("namespace", out.namespace_);
  fields.optional("cluster", out.cluster);
}

void read(const Value& value, ObjectSelector& out) {
  Fields fields(value);
  fields.optional("labels", out.labels);
  fields.optional("name", out.name);
  fields.optional("namespace", out.namespace_);
  fields.optional("cluster", out.cluster);
  if (const auto workspace = fields.find("workspace")) read_workspace(*workspace, out);
}

void read_workspace(const Value& value, ObjectSelector& out) {
  read(value, out.workspace);
  value.warn("workspaces are not supported yet: ignored", "every workspace matches");
}

void read_destination_kind(const Value& value, DestinationKind& out) {
  read(value, out, kDestinationKinds);
}

void read(const Value& value, PortSelector& out) {
  if (value.node().is_scalar())
    return value.error("expected a map, found " + std::string(to_string(value.node().kind)),
                       "write {number: 80} or {name: http}");
  Fields fields(value);
  fields.one_of({"number", "name"});
  fields.optional("number", out.number, between(1, 65535));
  fields.optional("name", out.name);
}

void read(const Value& value, DestinationRef& out) {
  out.place = value.place();
  Fields fields(value);
  const auto lambda = fields.find("awsLambda");
  const auto kind = fields.find("kind");
  if (kind && kind->node().text == "CLOUD_PROVIDER") {
    kind->warn("CLOUD_PROVIDER is not supported yet: this destination answers 500");
    out.kind = DestinationKind::unsupported;
  } else if (kind) {
    read_destination_kind(*kind, out.kind);
  }
  if (lambda) {
    lambda->warn("not supported yet: this destination answers 500");
    out.kind = DestinationKind::unsupported;
    fields.ignored({"ref"});
  } else {
    fields.required("ref", out.ref);
  }
  fields.optional("port", out.port);
  fields.optional("subset", out.subset);
  fields.optional("weight", out.weight, between(0, 100));
  fields.renamed("function", "awsLambda");
}

}  // namespace resources
