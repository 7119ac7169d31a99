#include "resources/failover_policy.hpp"

#include <algorithm>

#include "resources/kinds/policy_targets.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/place.hpp"

namespace resources {
namespace {

constexpr std::uint32_t kWhole = 100;

void read_locality(Fields& fields, base::Locality& out) {
  fields.required("region", out.region);
  fields.optional("zone", out.zone);
  fields.optional("subZone", out.sub_zone);
  if (out.zone.empty() && !out.sub_zone.empty())
    fields.map().error("a subZone without its zone", "give the zone, too");
}

void read(const Value& value, base::Locality& out) {
  Fields fields(value);
  read_locality(fields, out);
}

void read(const Value& value, LocalityMapping::To& out) {
  Fields fields(value);
  read_locality(fields, out.locality);
  const auto weight = fields.find("weight");
  if (!weight) return;
  read(*weight, out.weight, between(0, kWhole));
  if (weight->node().text == "0")
    weight->error("a weight of 0 takes nothing", "leave the place out of the list");
}

void check_weights(const Value& value, const std::vector<LocalityMapping::To>& to) {
  const auto weighed = std::ranges::count_if(to, [](const auto& one) { return one.weight > 0; });
  if (weighed == 0) return;
  std::uint32_t sum = 0;
  for (const auto& one : to) sum += one.weight;
  if (weighed != std::ssize(to))
    value.error("some places have a weight, others have none", "give each one, or none");
  else if (sum != kWhole)
    value.error("the weights add up to " + std::to_string(sum), "make it 100");
}

// Places that get nothing, for what stands before them.
void check_places(const Value& list, const LocalityMapping& mapping) {
  const auto& to = mapping.to;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const Value value(list.node().children[i], list);
    const auto end = to.begin() + static_cast<std::ptrdiff_t>(i);
    const auto before = std::find_if(
        to.begin(), end, [&](const auto& one) { return holds(one.locality, to[i].locality); });
    if (before != end)
      value.warn("gets nothing: " + before->locality.to_string() + " stands before it",
                 "write the narrower place first");
    else if (!mapping.is_split() && to[i].locality.region == mapping.from.region)
      value.warn("gets nothing: the callers' own region comes first in any case",
                 "give weights, or another region");
  }
}

void read(const Value& value, LocalityMapping& out) {
  Fields fields(value);
  if (const auto from = fields.find("from"))
    read(*from, out.from);
  else
    fields.missing("from");
  const auto to = fields.find("to");
  if (!to) return fields.missing("to");
  if (!to->node().is_list()) return to->expected("a list");
  for (const Node& item : to->node().children) read(Value(item, *to), out.to.emplace_back());
  if (out.to.empty()) return to->error("is empty", "give the places to go to, best first");
  check_weights(*to, out.to);
  check_places(*to, out);
}

void read_mappings(const Value& list, std::vector<LocalityMapping>& out) {
  if (!list.node().is_list()) return list.expected("a list");
  for (const Node& item : list.node().children) {
    const Value value(item, list);
    LocalityMapping mapping;
    read(value, mapping);
    if (std::ranges::find(out, mapping.from, &LocalityMapping::from) != out.end())
      value.warn("a second mapping from " + mapping.from.to_string() + " has no effect",
                 "keep one of them");
    if (!mapping.to.empty()) out.push_back(std::move(mapping));
  }
}

void read_labels(const Value& list, std::vector<PriorityLabel>& out) {
  std::vector<std::string> texts;
  read(list, texts);
  if (!list.node().is_list() || list.node().children.size() != texts.size()) return;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Value item(list.node().children[i], list);
    const auto equals = texts[i].find('=');
    const bool has_value = equals != std::string::npos;
    out.push_back({texts[i].substr(0, equals), has_value ? texts[i].substr(equals + 1) : ""});
    if (out.back().key.empty() || (has_value && out.back().value.empty()))
      item.error(quoted(texts[i]) + " is no label", "write KEY or KEY=VALUE");
    else if (has_value == out.front().value.empty())
      item.error("keys and KEY=VALUE pairs cannot be mixed", "write all in one way");
    else if (!has_value && !place_label(out.back().key))
      item.warn("the callers' labels are not known here: no endpoint has this one of theirs",
                "write KEY=VALUE, or topology.kubernetes.io/region or /zone, "
                "topology.istio.io/subzone or "
                "/cluster");
  }
}

}  // namespace

std::optional<PlaceLabel> place_label(std::string_view key) {
  if (key == "topology.kubernetes.io/region" || key == "failure-domain.beta.kubernetes.io/region")
    return PlaceLabel::region;
  if (key == "topology.kubernetes.io/zone" || key == "failure-domain.beta.kubernetes.io/zone")
    return PlaceLabel::zone;
  if (key == "topology.istio.io/subzone") return PlaceLabel::sub_zone;
  if (key == "topology.istio.io/cluster") return PlaceLabel::cluster;
  return std::nullopt;
}

void read(const Value& document, FailoverPolicy& out) {
  read_destination_policy(document, out, [&](Fields& config) {
    if (const auto mappings = config.find("localityMappings"))
      read_mappings(*mappings, out.mappings);
    if (const auto priority = config.find("priorityLabels")) {
      Fields fields(*priority);
      if (const auto labels = fields.find("labels")) read_labels(*labels, out.labels);
      if (!out.mappings.empty() && !out.labels.empty())
        priority->warn("has no effect where a locality mapping is for the caller");
    }
  });
}

}  // namespace resources
