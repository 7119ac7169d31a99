#include "discovery/row_check.hpp"

#include <algorithm>

#include "resources/kinds/names.hpp"
#include "resources/utf8.hpp"

namespace discovery {
namespace {

// Remembers the first thing that is wrong.
class Checker {
 public:
  void row(const AgentRow& row) {
    text(row.advertise, "advertise");
    text(row.version, "version");
    locality(row.locality);
    at_most(row.forwarders.size(), kMaxForwardersInRow, "forwarders");
  }

  void row(const StuckRow& row) {
    text(row.why, "why");
    at_most(row.why.size(), kMaxStuckBytes, "the bytes of why");
  }

  void row(const DrainRow& row) {
    const auto back = std::ranges::count(row.drains, view::kAllLeft, &DrainState::left);
    at_most(row.drains.size() - static_cast<std::size_t>(back), kMaxDrainsInRow, "drains");
    at_most(static_cast<std::size_t>(back), kMaxDrainsInRow, "drains that were taken back");
    for (const auto& state : row.drains) {
      const auto& target = state.target;
      need(state.left < view::kAllLeft || (state.left == view::kAllLeft && state.back), "left",
           "is all there is: nothing is drained");
      need(state.order.counter <= kMaxOrderCounter, "order", "is beyond all that are given");
      if (target.kind != view::DrainTarget::Kind::service) continue;
      label(target.namespace_, "drains.namespace");
      label(target.name, "drains.name");
    }
  }

  void row(const SubsetsRow& row) {
    at_most(row.named.size(), kMaxSubsetKeysInRow, "named");
    for (const auto& key : row.named) text(key, "named");
    if (!row.told) return;
    at_most(row.told->size(), kMaxSubsetKeysInRow, "told");
    for (const auto& key : *row.told) text(key, "told");
  }

  void row(const ServiceRow& row) {
    label(row.namespace_, "namespace");
    label(row.name, "name");
    labels(row.labels, "labels");
    at_most(row.ports.size(), kMaxPortsInRow, "ports");
    for (const auto& port : row.ports) {
      text(port.name, "ports.name");
      text(port.target_name, "ports.targetPort");
      text(port.app_protocol, "ports.appProtocol");
    }
    if (!row.external) return;
    text(row.external->name, "external.name");
    labels(row.external->labels, "external.labels");
  }

  void row(const EndpointRow& row) {
    label(row.namespace_, "namespace");
    label(row.service, "service");
    text(row.id, "id");
    const auto& traits = row.traits;
    if (!traits.hostname.empty()) label(traits.hostname, "hostname");
    at_most(traits.ports.size(), kMaxPortsInRow, "ports");
    for (const auto& port : traits.ports) text(port.name, "ports.name");
    locality(traits.locality);
    text(traits.network, "network");
    labels(traits.labels, "labels");
  }

  void row(const DestinationRow& row) {
    const auto& destination = row.destination;
    name(destination.metadata.namespace_, "namespace");
    name(destination.metadata.name, "name");
    labels(destination.metadata.labels, "labels");
    at_most(destination.hosts.size(), kMaxHostsInRow, "hosts");
    for (const auto& host : destination.hosts) need(is_host(host), "hosts", "is no host name");
    selectors(destination.services, "services");
    selectors(destination.external_services, "externalServices");
    at_most(destination.ports.size(), kMaxPortsInRow, "ports");
    for (const auto& port : destination.ports) {
      text(port.protocol, "ports.protocol");
      text(port.target_port.name, "ports.targetPort");
    }
    at_most(destination.prefer.size(), kMaxPreferencesInRow, "prefer");
    for (const auto& preference : destination.prefer) text(preference, "prefer");
  }

  base::Result<void> result() const {
    if (wrong_.empty()) return {};
    return base::invalid(wrong_);
  }

 private:
  static bool is_host(std::string_view host) {
    return resources::host_fault(host, resources::Wildcards::label).empty() &&
           !host.ends_with('.') &&
           std::none_of(host.begin(), host.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  }

  void need(bool holds, std::string_view field, std::string_view what) {
    if (!holds && wrong_.empty()) wrong_ = std::string(field) + " " + std::string(what);
  }
  void at_most(std::size_t count, std::size_t most, std::string_view field) {
    if (count > most)
      need(false, field, "are " + std::to_string(count) + ", at most " + std::to_string(most));
  }
  void text(std::string_view text, std::string_view field) {
    need(resources::is_plain_text(text), field, "is not UTF-8 without control characters");
  }
  void label(std::string_view text, std::string_view field) {
    need(resources::is_dns_label(text), field, "is no DNS label");
  }
  void name(std::string_view text, std::string_view field) {
    need(resources::is_object_name(text), field, "is a name that no object can have");
  }
  void labels(const base::Labels& labels, std::string_view field) {
    at_most(labels.size(), kMaxLabelsInRow, field);
    for (const auto& [key, value] : labels) text(key, field), text(value, field);
  }
  void selectors(const std::vector<resources::ObjectSelector>& selectors, std::string_view field) {
    at_most(selectors.size(), kMaxSelectorsInRow, field);
    const auto of_labels = std::string(field) + ".labels";
    for (const auto& selector : selectors) {
      labels(selector.labels, of_labels);
      for (const std::string_view each :
           {std::string_view(selector.name), std::string_view(selector.namespace_),
            std::string_view(selector.cluster), std::string_view(selector.workspace)})
        text(each, field);
    }
  }
  void locality(const base::Locality& locality) {
    text(locality.region, "locality.region");
    text(locality.zone, "locality.zone");
    text(locality.sub_zone, "locality.subZone");
  }

  std::string wrong_;
};

}  // namespace

bool may_be_called(const EndpointParts& parts) {
  return resources::is_dns_label(parts.namespace_) && resources::is_dns_label(parts.service) &&
         resources::is_plain_text(parts.id);
}

base::Result<void> check(const RowValue& row) {
  Checker checker;
  std::visit([&](const auto& value) { checker.row(value); }, row);
  return checker.result();
}

}  // namespace discovery
