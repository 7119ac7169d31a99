#include "dns/table.hpp"

namespace dns {
namespace {

constexpr std::string_view kTransport = "\4_tcp";

// "<host>" of "_http._tcp.<host>"; empty when the name is not of that form.
std::span<const std::uint8_t> host_of_service(std::span<const std::uint8_t> wire) {
  if (wire[0] < 2 || wire[1] != '_') return {};
  const auto rest = parent_of(wire);
  return base::as_text(rest).starts_with(kTransport) ? parent_of(rest) : rest.first(0);
}

}  // namespace

Found Table::find(const Name& name) const {
  Found found;
  const auto wire = name.wire();
  // Where no host has others' names below it there is nothing else on the way to a service: two
  // probes less.
  if (const auto host = host_of_service(wire); !nested_ && !host.empty())
    if (const Node* node = index_.find(host); node && derive(*node, wire, host, found))
      return found;
  auto suffix = wire;
  for (std::size_t labels = 0;; ++labels) {
    if (const Node* node = index_.find(suffix)) {
      if (!found.zone) found.zone = &(*zones_)[node->zone];
      if (labels == 0) {
        found.exists = true;
        found.apex = node->apex;
        found.host = node->host.get();
        found.name.kind = Derived::Kind::host;
        if (found.host) return found;
      } else if (labels <= Host::kMaxDerivedLabels && derive(*node, wire, suffix, found)) {
        return found;
      }
      if (!nested_ || (node->apex && !found.zone->inner)) return found;
    }
    if (suffix[0] == 0 || (found.zone && labels >= Host::kMaxDerivedLabels)) return found;
    suffix = parent_of(suffix);
  }
}

bool Table::derive(const Node& node, std::span<const std::uint8_t> wire,
                   std::span<const std::uint8_t> host, Found& found) const {
  if (!node.host) return false;
  const auto name = node.host->derive(wire.first(wire.size() - host.size()));
  if (!name) return false;
  if (!found.zone) found.zone = &(*zones_)[node.zone];
  found.exists = true;
  found.host = node.host.get();
  found.name = name;
  return true;
}

std::uint16_t Table::class_of(const base::IpAddress& caller) const {
  const auto& classes = resolution_->callers.class_of;
  if (classes.empty()) return 0;
  const auto found = classes.find(caller);
  return found == classes.end() ? 0 : found->second;
}

}  // namespace dns
