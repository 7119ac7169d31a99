// A random choice among a tier's members for one answer: each at most once, the first ones by
// weight.
//
// Up to kMaxShuffled members are shuffled exactly (Fisher–Yates, by weight where weights differ).
// From more, up to kMaxShuffled are drawn one by one, by weight; where even more are wanted, they
// are taken in turn from a random start and weights do not count. Thread: a value on the stack;
// allocates nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <span>

#include "base/random.hpp"
#include "dns/host.hpp"

namespace dns {

class Draw {
 public:
  static constexpr std::size_t kMaxShuffled = 64;

  // `wanted` of `total`, or all. `weight_of(i)` is at least 1 and at most `heaviest`; it is not
  // asked when `heaviest` is 0: all weigh the same.
  template <class WeightOf>
  Draw(std::size_t total, std::size_t wanted, std::uint32_t heaviest, const WeightOf& weight_of,
       base::Random& random)
      : total_(total), size_(std::min(wanted, total)) {
    if (total_ <= kMaxShuffled) {
      heaviest ? shuffle_by_weight(weight_of, random) : shuffle(random);
    } else if (size_ <= kMaxShuffled) {
      pick_some(heaviest, weight_of, random);
    } else {
      rotated_ = true;
      start_ = random.below(total_);
    }
  }

  std::size_t size() const { return size_; }
  // The place among all of the i-th one drawn.
  std::size_t operator[](std::size_t i) const {
    return rotated_ ? (start_ + i) % total_ : picked_[i];
  }

 private:
  void fill() {
    std::iota(picked_.begin(), picked_.begin() + static_cast<std::ptrdiff_t>(total_), 0u);
  }
  void shuffle(base::Random& random) {
    fill();
    for (std::size_t i = 0; i < size_ && i + 1 < total_; ++i)
      std::swap(picked_[i], picked_[i + random.below(total_ - i)]);
  }

  template <class WeightOf>
  void shuffle_by_weight(const WeightOf& weight_of, base::Random& random) {
    fill();
    std::uint64_t left = 0;
    for (std::size_t i = 0; i < total_; ++i) left += weight_of(i);
    for (std::size_t i = 0; i < size_; ++i) {
      std::uint64_t at = random.below(left);
      std::size_t j = i;
      while (j + 1 < total_ && at >= weight_of(picked_[j])) at -= weight_of(picked_[j++]);
      left -= weight_of(picked_[j]);
      std::swap(picked_[i], picked_[j]);
    }
  }

  // Repeats are drawn again. Where there are many, for nearly all are wanted or few weigh most, the
  // attempts are bounded and the rest is filled in turn.
  template <class WeightOf>
  void pick_some(std::uint32_t heaviest, const WeightOf& weight_of, base::Random& random) {
    std::size_t n = 0;
    for (std::size_t attempt = 0; n < size_ && attempt < 8 * kMaxShuffled; ++attempt) {
      const auto candidate = static_cast<std::uint32_t>(random.below(total_));
      if (heaviest && random.below(heaviest) >= weight_of(candidate)) continue;
      if (!taken(n, candidate)) picked_[n++] = candidate;
    }
    for (auto candidate = static_cast<std::uint32_t>(random.below(total_)); n < size_;
         candidate = static_cast<std::uint32_t>((candidate + 1) % total_))
      if (!taken(n, candidate)) picked_[n++] = candidate;
  }
  bool taken(std::size_t n, std::uint32_t candidate) const {
    const auto end = picked_.begin() + static_cast<std::ptrdiff_t>(n);
    return std::find(picked_.begin(), end, candidate) != end;
  }

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
