#include "tests/sim/meddling.hpp"

#include "discovery/origin_state.hpp"
#include "tests/sim/toy_notary.hpp"

namespace sim {

using discovery::Beacons;
using discovery::Delta;

void BitFlips::flip(base::Bytes& bytes) {
  if (!bytes.empty())
    bytes[random_.below(bytes.size())] ^= static_cast<char>(1 << random_.below(8));
}

bool BitFlips::flip(Delta& delta) {
  const auto what = random_.below(10);
  if (what < 5 && !delta.rows.empty()) {
    auto& row = delta.rows[random_.below(delta.rows.size())];
    if (what == 0)
      flip(row.version);
    else if (what == 1)
      row.removed = !row.removed;
    else
      flip(what == 2 ? row.key : row.value);
  } else if (what < 6) {
    flip(delta.state_hash.low);
  } else if (what < 8) {
    flip(what < 7 ? delta.to : delta.from);
  } else {
    flip(what < 9 ? delta.incarnation : delta.gc_floor);
  }
  return true;
}

bool BitFlips::flip(Beacons& beacons) {
  if (beacons.beacons.empty()) return false;
  auto& beacon = beacons.beacons[random_.below(beacons.beacons.size())];
  flip(random_.chance(0.5) ? beacon.stamp.version : beacon.state_hash.high);
  return true;
}

bool BitFlips::meets(discovery::Frame& frame, std::size_t every) {
  if (random_.below(every) != 0) return false;
  if (auto* delta = std::get_if<Delta>(&frame)) return flip(*delta);
  if (auto* beacons = std::get_if<Beacons>(&frame)) return flip(*beacons);
  return false;
}

// One row of its own making, as the whole of what the origin has.
Fate HostileRelay::forge(const discovery::OriginId& liar, Delta& delta) {
  // For its siblings it may sign: they are one identity.
  if (!forges_ || delta.origin.cluster == liar.cluster) return Fate::passes;
  delta.kind = Delta::Kind::snapshot_end;
  delta.from = delta.gc_floor = 0;
  delta.part = 0;
  delta.to += random_.below(3);
  delta.rows = {{"x/forged", delta.to, "!", false}};
  delta.state_hash =
      discovery::state_hash({delta.incarnation, delta.to}, discovery::Rows().with(delta.rows));
  const auto proof = random_.below(3);
  if (proof == 0) delta.proof = {};
  if (proof == 1)
    delta.proof = ToyNotary(liar.cluster).sign(proof_text(delta.origin, delta.state_hash));
  return Fate::altered;
}

Fate HostileRelay::lie(Clock now, const discovery::OriginId& liar,
                       const discovery::OriginId& victim, Delta& delta) {
  const auto of = delta.origin;
  const auto trick = random_.below(5);
  if (trick == 0) return Fate::lost;
  if (trick == 1) {
    const auto old = past_.find(of);
    if (old == past_.end()) return Fate::passes;
    delta = old->second.delta;
    delta.age += now - old->second.at;
    return Fate::altered;
  }
  if (trick == 2) return forge(liar, delta);
  if (trick == 3) {
    delta.origin = victim;
    return Fate::altered;
  }
  if (random_.chance(0.3)) past_[of] = {now, delta};
  if (delta.rows.empty()) return Fate::passes;
  delta.rows[random_.below(delta.rows.size())].value += "!";
  return Fate::altered;
}

// Says that others are further than they are.
Fate HostileRelay::lie(const discovery::OriginId& liar, Beacons& beacons) {
  auto fate = Fate::passes;
  for (auto& beacon : beacons.beacons) {
    if (beacon.origin == liar || !random_.chance(0.2)) continue;
    beacon.stamp.version += 1 + random_.below(1'000);
    fate = Fate::altered;
  }
  return fate;
}

Fate HostileRelay::meets(Clock now, const discovery::OriginId& liar,
                         const discovery::OriginId& victim, discovery::Frame& frame) {
  if (auto* beacons = std::get_if<Beacons>(&frame)) return lie(liar, *beacons);
  auto* delta = std::get_if<Delta>(&frame);
  return delta && delta->origin != liar ? lie(now, liar, victim, *delta) : Fate::passes;
}

Meddling::Meddling(Mesh& mesh)
    : mesh_(mesh),
      flips_(mesh.random().fork()),
      leaf_flips_(mesh.leaf_random().fork()),
      relay_(mesh.random().fork(), mesh.secure) {
  mesh.meets = [this](std::size_t from, std::size_t to, discovery::Frame& frame) {
    auto& flips = mesh_.is_leaf(from) || mesh_.is_leaf(to) ? leaf_flips_ : flips_;
    if (mesh_.now() < flips_until_ && flips.meets(frame, every_)) return Fate::altered;
    // Its home a leaf believes: it is of one cluster with it.
    if (mesh_.now() >= lies_until_ || from != liar_ || mesh_.is_leaf(to)) return Fate::passes;
    return relay_.meets(mesh_.now(), mesh_.clusters()[from].id, mesh_.clusters()[to].id, frame);
  };
}

void Meddling::flip_bits() {
  every_ = 5 + mesh_.random().below(100);
  flips_until_ = mesh_.now() + mesh_.seconds(1, 20);
  mesh_.note("bits flip in one of " + std::to_string(every_) + " frames");
}

void Meddling::hostile_relay() {
  liar_ = mesh_.any();
  lies_until_ = mesh_.now() + mesh_.seconds(2, 20);
  mesh_.note(mesh_.clusters()[liar_].name + " lies about others");
}

}  // namespace sim
