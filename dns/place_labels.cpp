#include "dns/place_labels.hpp"

#include <array>
#include <optional>

#include "base/bytes.hpp"
#include "dns/name.hpp"

namespace dns {
namespace {

namespace view = discovery::view;
using Strength = view::Affinity::Strength;

std::optional<view::Topology> topology_of(std::string_view label) {
  if (label == "\5_zone") return view::Topology::zone;
  if (label == "\7_region") return view::Topology::region;
  if (label == "\10_cluster") return view::Topology::cluster;
  return std::nullopt;
}

std::optional<Strength> strength_of(std::string_view label) {
  if (label == "\3pin") return Strength::pin;
  if (label == "\6prefer") return Strength::prefer;
  return std::nullopt;
}

}  // namespace

PlaceLabels read_place(std::span<const std::uint8_t> labels) {
  // The last labels, the last one first.
  std::array<std::span<const std::uint8_t>, PlaceLabels::kLabels> last{};
  std::size_t count = 0;
  auto front = labels.first(0);
  for (auto rest = labels; !rest.empty(); rest = parent_of(rest), ++count) {
    if (count >= last.size()) front = labels.first(front.size() + last.back().size());
    for (auto i = last.size() - 1; i > 0; --i) last[i] = last[i - 1];
    last[0] = rest.first(rest[0] + std::size_t{1});
  }
  if (count == 0) return {};
  const auto topology = topology_of(base::as_text(last[0]));
  if (!topology) return {};
  if (count == 1) return {.kind = PlaceLabels::Kind::between};
  const auto strength = strength_of(base::as_text(last[1]));
  if (!strength) return {};
  if (count == 2) return {.kind = PlaceLabels::Kind::between};
  return {.kind = PlaceLabels::Kind::place,
          .topology = *topology,
          .strength = *strength,
          .place = last[2].subspan(1),
          .front = front};
}

}  // namespace dns
