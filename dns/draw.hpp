// A random choice of a tier's records for one answer: each at most once, the first ones by weight.
//
// Up to kMaxShuffled records are shuffled exactly (Fisher–Yates, by weight where weights differ).
// From more, up to kMaxShuffled are drawn one by one, by weight; where even more are wanted, they
// are taken in turn from a random start and weights do not count. Thread: a value on the stack;
// allocates nothing.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/random.hpp"
#include "dns/table.hpp"

namespace dns {

class Draw {
 public:
  static constexpr std::size_t kMaxShuffled = 64;

  // `wanted` is cut to the number of records. `heaviest` as in Tier: 0 when all weigh the same.
  Draw(std::span<const Record> records, std::uint32_t heaviest, std::size_t wanted,
       base::Random& random);

  std::size_t size() const { return size_; }
  // The place in `records` of the i-th one drawn.
  std::size_t operator[](std::size_t i) const {
    return rotated_ ? (start_ + i) % total_ : picked_[i];
  }

 private:
  void shuffle(base::Random& random);
  void shuffle_by_weight(std::span<const Record> records, base::Random& random);
  void pick_some(std::span<const Record> records, std::uint32_t heaviest, base::Random& random);

  std::size_t total_, size_;
  bool rotated_ = false;
  std::size_t start_ = 0;
  std::array<std::uint32_t, kMaxShuffled> picked_;
};

// The place of the tier that a random word draws.
inline std::size_t draw_tier(std::span<const Tier> tiers, base::Random& random) {
  if (tiers.size() == 1) return 0;
  const std::uint64_t word = random.next();
  std::size_t i = 0;
  while (i + 1 < tiers.size() && word > tiers[i].until) ++i;
  return i;
}

}  // namespace dns
