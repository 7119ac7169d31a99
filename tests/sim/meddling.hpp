// Frames that do not arrive as they were sent: bits that flip on the way, and an agent that lies
// about others.
//
// What is altered must be refused, or seen and mended; nobody may show it (truth.hpp, promise 1).
// The liar is a member of the mesh: what it says of itself is its right. Of others it withholds,
// alters, repeats what is past, and tells an agent about that agent itself; under the hash that it
// was given, so that what it makes up does not fit. Where origins sign it also makes up whole
// states under a hash that fits, without a proof, with that of another state, or signed by itself.
// Ages it tells truly: a bridge that lies about them is believed, signature or not.
#pragma once

#include <map>
#include <optional>

#include "tests/sim/mesh.hpp"

namespace sim {

// In one of `every` frames, a bit of what the receiver would store: rows, hash or stamp.
class BitFlips {
 public:
  explicit BitFlips(base::Random random) : random_(random) {}
  bool meets(discovery::Frame& frame, std::size_t every);

 private:
  bool flip(discovery::Delta& delta);
  bool flip(discovery::Beacons& beacons);
  void flip(std::uint64_t& number) { number ^= std::uint64_t{1} << random_.below(64); }
  void flip(base::Bytes& bytes);

  base::Random random_;
};

class HostileRelay {
 public:
  // `forges`: in an insecure mesh it would be believed.
  HostileRelay(base::Random random, bool forges) : random_(random), forges_(forges) {}
  // A frame that `liar` sends to `victim`.
  Fate meets(Clock now, const discovery::OriginId& liar, const discovery::OriginId& victim,
             discovery::Frame& frame);

 private:
  Fate lie(Clock now, const discovery::OriginId& liar, const discovery::OriginId& victim,
           discovery::Delta& delta);
  Fate lie(const discovery::OriginId& liar, discovery::Beacons& beacons);
  Fate forge(const discovery::OriginId& liar, discovery::Delta& delta);

  base::Random random_;
  bool forges_;
  struct Past {
    Clock at;
    discovery::Delta delta;
  };
  std::map<discovery::OriginId, Past> past_;  // one of each
};

// Both, in one mesh.
class Meddling {
 public:
  explicit Meddling(Mesh& mesh);
  void flip_bits();      // on every link, for some seconds
  void hostile_relay();  // one cluster, for some seconds

 private:
  Mesh& mesh_;
  BitFlips flips_, leaf_flips_;
  HostileRelay relay_;
  Clock flips_until_{}, lies_until_{};
  std::size_t every_ = 0, liar_ = 0;
};

}  // namespace sim
