#include "discovery/still.hpp"

#include <algorithm>

#include "base/digest.hpp"

namespace discovery {
namespace {

std::uint64_t own_sequence(const Beacons& beacons, const OriginId& sender) {
  for (const auto& beacon : beacons.beacons)
    if (beacon.origin == sender) return beacon.sequence;
  return 0;
}

}  // namespace

std::uint64_t beacons_digest(const Beacons& beacons, const OriginId& sender) {
  std::string text;
  for (const auto& beacon : beacons.beacons) {
    base::append(text, beacon.origin.cluster.size());
    text += beacon.origin.cluster;
    base::append(text, beacon.origin.replica);
    base::append(text, beacon.stamp.incarnation);
    base::append(text, beacon.stamp.version);
    base::append(text, beacon.origin == sender ? 0 : beacon.sequence);
    base::append(text, beacon.state_hash);
    base::append(text, static_cast<std::uint64_t>(base::to_ms(beacon.age)));
    base::append(text, beacon.missed ? 1 : 0);
  }
  return base::digest({text}).high;
}

Frame Repeats::say(base::TimePoint now, const OriginId& self, Beacons beacons) {
  if (beacons.beacons.size() > kRepeatable) {
    said_ = 0;
    return beacons;
  }
  const auto digest = beacons_digest(beacons, self);
  if (digest == said_ && now - whole_at_ < kWholeBeacons)
    return Still{digest, own_sequence(beacons, self)};
  said_ = digest;
  whole_at_ = now;
  return beacons;
}

void Repeats::heard(const OriginId& sender, const Beacons& beacons) {
  const bool repeatable = beacons.beacons.size() <= kRepeatable;
  heard_digest_ = repeatable ? beacons_digest(beacons, sender) : 0;
  heard_ = repeatable ? Beacons(beacons) : Beacons{};  // not into the room of a longer one
}

std::optional<Beacons> Repeats::meant(const OriginId& sender, const Still& still) const {
  if (still.digest != heard_digest_) return std::nullopt;
  auto beacons = heard_;
  for (auto& beacon : beacons.beacons)
    if (beacon.origin == sender) beacon.sequence = still.sequence;
  return beacons;
}

}  // namespace discovery
