#include "dns/host.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/bytes.hpp"
#include "dns/dashed.hpp"
#include "dns/message.hpp"
#include "dns/name.hpp"

namespace dns {
namespace {

constexpr std::string_view kTransport = "\4_tcp", kExplanation = "\10_explain";

}  // namespace

Host::Host(std::shared_ptr<const discovery::view::ResolvedDestination> resolved, Door door,
           const HostParts& parts)
    : resolved_(std::move(resolved)),
      parts_(parts.tiers, parts.answers, parts.bands, parts.services, parts.labels, parts.targets,
             parts.pod_members, parts.pods, parts.clusters, parts.members, parts.weights,
             parts.stale, parts.service_errors, parts.v6, parts.answer_of_class, parts.texts),
      door_(door) {}

Derived Host::derive(std::span<const std::uint8_t> labels) const {
  if (!is_destination()) return {};
  return parent_of(labels).empty() ? derive_one(labels) : derive_two(labels);
}

Derived Host::derive_one(std::span<const std::uint8_t> first) const {
  const auto wire = base::as_text(first);
  if (wire == kExplanation) return {.kind = Derived::Kind::explanation};
  if (wire == kTransport)
    return {.kind = labels().empty() ? Derived::Kind::none : Derived::Kind::between};
  if (const auto ip = parse_dashed(wire.substr(1)); ip && names(*ip))
    return {.kind = Derived::Kind::endpoint, .ip = *ip};
  const bool cluster = std::ranges::any_of(parts_.get<kClusters>(), [&](std::uint32_t text) {
    return base::as_text(label(text)) == wire;
  });
  return {.kind = cluster ? Derived::Kind::between : Derived::Kind::none};
}

Derived Host::derive_two(std::span<const std::uint8_t> labels) const {
  const auto wire = base::as_text(labels);
  if (base::as_text(parent_of(labels)) == kTransport) {
    for (const auto& [text, service] : this->labels())
      if (wire.substr(0, labels[0] + 1u) == base::as_text(label(text)))
        return {.kind = Derived::Kind::service, .number = service};
  }
  const auto all = parts_.get<kPods>();
  const auto name = [this](std::uint32_t text) { return base::as_text(two_labels(text)); };
  const auto found = std::ranges::lower_bound(all, wire, {}, name);
  if (found == all.end() || name(*found) != wire) return {};
  return {.kind = Derived::Kind::pod,
          .number = static_cast<std::uint32_t>(found - all.begin()) + 1};
}

// To any class of callers: what others are answered is no data to the rest.
bool Host::names(const base::IpAddress& ip) const {
  if (door_ != Door::endpoints) return false;
  for (const auto& answer : answers())
    for (const auto& band : bands(answer)) {
      const auto member = find(band, ip);
      if (member == kNone) continue;
      if (is_called_by_address(answer, member)) return true;
    }
  return false;
}

bool Host::is_called_by_address(const Answer& answer, std::uint32_t member) const {
  return pods() == 0 || std::ranges::binary_search(pod_members(answer), PodMember{0, member});
}

std::uint32_t Host::find(const Band& band, const base::IpAddress& ip) const {
  const auto find = [&](std::uint32_t first, std::uint32_t count, const auto& wanted,
                        const auto& address) {
    const auto range = parts_.get<kMembers>().subspan(first, count);
    const auto found = std::ranges::lower_bound(range, wanted, {}, address);
    return found == range.end() || address(*found) != wanted
               ? kNone
               : first + static_cast<std::uint32_t>(found - range.begin());
  };
  if (ip.is_v6()) {
    V6 wanted;
    std::ranges::copy(ip.bytes(), wanted.begin());
    return find(band.first + band.v4, band.v6, wanted,
                [this](std::uint32_t place) -> const V6& { return parts_.get<kV6>()[place]; });
  }
  std::uint32_t wanted;
  std::memcpy(&wanted, ip.bytes().data(), sizeof wanted);
  return find(band.first, band.v4, wanted, std::identity{});
}

std::span<const std::uint8_t> Host::label(std::uint32_t text) const {
  const auto texts = parts_.get<kTexts>().subspan(text);
  return texts.first(texts[0] + std::size_t{1});
}

std::span<const std::uint8_t> Host::name(std::uint32_t text) const {
  const auto texts = parts_.get<kTexts>().subspan(text);
  std::size_t end = 0;
  while (texts[end] != 0) end += texts[end] + std::size_t{1};
  return texts.first(end + 1);
}

std::span<const std::uint8_t> Host::two_labels(std::uint32_t text) const {
  const auto texts = parts_.get<kTexts>().subspan(text);
  const std::size_t first = texts[0] + std::size_t{1};
  return texts.first(first + texts[first] + 1);
}

std::span<const std::uint8_t> Host::option(OptionNumber number) const {
  if (number == 0) return {};
  const auto texts = parts_.get<kTexts>().subspan(number - 1);
  return texts.first(4u + u16_at(texts, 2));
}

}  // namespace dns
