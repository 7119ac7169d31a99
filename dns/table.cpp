#include "dns/table.hpp"

#include <algorithm>
#include <array>

#include "discovery/view/whereabouts.hpp"
#include "dns/place_labels.hpp"

namespace dns {
namespace {

constexpr std::string_view kTransport = "\4_tcp";
constexpr std::size_t kMaxDerivedLabels = Host::kMaxDerivedLabels + PlaceLabels::kLabels;
// In wire form, of a host that a wildcard stands for and from which names are derived: before one
// so long there is room for the longest, two labels, whatever the wildcard was made for.
constexpr std::size_t kMaxWildcardHost = kMaxName - 2 * (kMaxLabel + 1);

// "<host>" of "_http._tcp.<host>"; empty when the name is not of that form.
std::span<const std::uint8_t> host_of_service(std::span<const std::uint8_t> wire) {
  if (wire[0] < 2 || wire[1] != '_') return {};
  const auto rest = parent_of(wire);
  return base::as_text(rest).starts_with(kTransport) ? parent_of(rest) : rest.first(0);
}

}  // namespace

Found Table::find(const Name& name, const Index::Step* ahead) const {
  std::span<const std::uint8_t> encloser;
  auto found = find_existing(name.wire(), encloser, ahead);
  if (wildcards_ && found.zone && !found.exists) find_wildcard(name.wire(), encloser, found);
  return found;
}

Found Table::find_existing(std::span<const std::uint8_t> wire,
                           std::span<const std::uint8_t>& encloser,
                           const Index::Step* ahead) const {
  Found found;
  // Where no host has others' names below it there is nothing else on the way to a service: two
  // probes less.
  if (const auto host = host_of_service(wire); !nested_ && !host.empty())
    if (const Node* node = index_.find(host, ahead); node && derive(*node, wire, host, found))
      return found;
  auto suffix = wire;
  for (std::size_t labels = 0;; ++labels) {
    if (const Node* node = index_.find(suffix, ahead)) {
      if (!found.zone) found.zone = &(*zones_)[node->zone];
      if (labels == 0) {
        found.exists = true;
        found.apex = node->apex;
        found.host = node->host.get();
        found.host_length = static_cast<std::uint8_t>(wire.size());
        found.name.kind = Derived::Kind::host;
        if (found.host) return found;
      } else if (labels <= kMaxDerivedLabels && derive(*node, wire, suffix, found)) {
        return found;
      }
      if (encloser.empty()) encloser = suffix;
      if (!nested_ || (node->apex && !found.zone->inner)) return found;
    }
    if (suffix[0] == 0 || (found.zone && labels >= kMaxDerivedLabels)) return found;
    suffix = parent_of(suffix);
  }
}

void Table::find_wildcard(std::span<const std::uint8_t> wire,
                          std::span<const std::uint8_t> encloser, Found& found) const {
  std::array<std::uint8_t, kMaxName> name{1, '*'};
  if (encloser.size() + 2 > name.size()) return;
  std::ranges::copy(encloser, name.begin() + 2);
  const Node* node = index_.find(std::span(name).first(encloser.size() + 2));
  if (!node || !node->host) return;

  std::size_t below = 0;  // labels
  for (auto at = wire; at.size() > encloser.size(); at = parent_of(at)) ++below;
  std::span<const std::uint8_t> unused;
  auto closer = parent_of(wire);
  for (auto labels = below - 1; labels > 0; --labels, closer = parent_of(closer))
    if (labels <= kMaxDerivedLabels && find_existing(closer, unused).exists) return;

  found.wildcard = true;
  // As many labels in front as mean something to a host, which may be none.
  std::array<std::span<const std::uint8_t>, kMaxDerivedLabels + 1> behind{wire};
  const auto most = std::min(below - 1, kMaxDerivedLabels);
  for (std::size_t labels = 0; labels < most; ++labels)
    behind[labels + 1] = parent_of(behind[labels]);
  for (auto labels = most; labels > 0; --labels)
    if (behind[labels].size() <= kMaxWildcardHost && derive(*node, wire, behind[labels], found))
      return;
  exists(*node, wire, false, {.kind = Derived::Kind::host}, found);
}

bool Table::derive(const Node& node, std::span<const std::uint8_t> wire,
                   std::span<const std::uint8_t> host, Found& found) const {
  if (!node.host) return false;
  const auto labels = wire.first(wire.size() - host.size());
  if (const auto name = node.host->derive(labels)) return exists(node, host, false, name, found);
  if (node.host->door() == Host::Door::name_server) return false;
  const auto place = read_place(labels);
  switch (place.kind) {
    case PlaceLabels::Kind::none:
      return false;
    case PlaceLabels::Kind::between:
      return exists(node, host, false, {.kind = Derived::Kind::between}, found);
    case PlaceLabels::Kind::place:
      break;
  }
  if (place.front.empty()) return exists(node, host, true, {.kind = Derived::Kind::host}, found);
  // Ports and the explanation; an endpoint has one name, whatever it is asked for by.
  if (place.front[1] != '_') return false;
  const auto name = node.host->derive(place.front);
  return name && exists(node, host, true, name, found);
}

bool Table::exists(const Node& node, std::span<const std::uint8_t> host, bool placed, Derived name,
                   Found& found) const {
  if (!found.zone) found.zone = &(*zones_)[node.zone];
  found.exists = true;
  found.host = node.host.get();
  found.name = name;
  found.placed = placed;
  found.host_length = static_cast<std::uint8_t>(host.size());
  return true;
}

Narrowed Table::narrow(const Found& found, const Name& name, std::uint16_t caller_class) const {
  const auto wire = name.wire();
  const auto host = wire.last(found.host_length);
  const auto place = read_place(wire.first(wire.size() - host.size()));
  return narrower_->narrow(*found.host, *Name::read(host), place, *resolution_->view,
                           *resolution_->callers, caller_class);
}

bool Table::trusts(const base::IpAddress& forwarder) const {
  return std::ranges::any_of(trusted_forwarders_,
                             [&](const auto& network) { return network.contains(forwarder); });
}

std::uint16_t Table::class_of(const base::IpAddress& caller) const {
  return discovery::view::whereabouts(*resolution_->callers, caller).caller_class;
}

// A known endpoint is known by its whole address, so that beside endpoints an answer holds for no
// more than was asked for.
SubnetClass Table::class_of(const ClientSubnet& subnet) const {
  const auto& [_, class_of, networks] = *resolution_->callers;
  const auto ip = subnet.ip();
  if (subnet.source_bits == subnet.most_bits() && class_of.contains(ip))
    return {class_of.find(ip)->second, subnet.source_bits};
  const auto* network = networks.find(ip, subnet.source_bits);
  const std::uint8_t bits = network ? network->network.prefix_length : 0;
  return {network ? network->class_ : std::uint16_t{0},
          class_of.empty() ? networks.deciding_bits(ip, bits) : subnet.source_bits};
}

}  // namespace dns
