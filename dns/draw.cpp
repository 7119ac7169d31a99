#include "dns/draw.hpp"

#include <algorithm>
#include <numeric>

namespace dns {

Draw::Draw(std::span<const Record> records, std::uint32_t heaviest, std::size_t wanted,
           base::Random& random)
    : total_(records.size()), size_(std::min(wanted, records.size())) {
  if (total_ <= kMaxShuffled) {
    heaviest ? shuffle_by_weight(records, random) : shuffle(random);
  } else if (size_ <= kMaxShuffled) {
    pick_some(records, heaviest, random);
  } else {
    rotated_ = true;
    start_ = random.below(total_);
  }
}

void Draw::shuffle(base::Random& random) {
  std::iota(picked_.begin(), picked_.begin() + static_cast<std::ptrdiff_t>(total_), 0u);
  for (std::size_t i = 0; i < size_ && i + 1 < total_; ++i)
    std::swap(picked_[i], picked_[i + random.below(total_ - i)]);
}

void Draw::shuffle_by_weight(std::span<const Record> records, base::Random& random) {
  std::uint64_t left = 0;
  for (std::size_t i = 0; i < total_; ++i) {
    picked_[i] = static_cast<std::uint32_t>(i);
    left += records[i].weight;
  }
  for (std::size_t i = 0; i < size_; ++i) {
    std::uint64_t at = random.below(left);
    std::size_t j = i;
    while (j + 1 < total_ && at >= records[picked_[j]].weight) at -= records[picked_[j++]].weight;
    left -= records[picked_[j]].weight;
    std::swap(picked_[i], picked_[j]);
  }
}

// Repeats are drawn again. Where there are many, for nearly all are wanted or few weigh most, the
// attempts are bounded and the rest is filled in turn.
void Draw::pick_some(std::span<const Record> records, std::uint32_t heaviest,
                     base::Random& random) {
  const auto end = [this](std::size_t n) {
    return picked_.begin() + static_cast<std::ptrdiff_t>(n);
  };
  const auto taken = [&](std::size_t n, std::uint32_t candidate) {
    return std::find(picked_.begin(), end(n), candidate) != end(n);
  };
  std::size_t n = 0;
  for (std::size_t attempt = 0; n < size_ && attempt < 8 * kMaxShuffled; ++attempt) {
    const auto candidate = static_cast<std::uint32_t>(random.below(total_));
    if (heaviest && random.below(heaviest) >= records[candidate].weight) continue;
    if (!taken(n, candidate)) picked_[n++] = candidate;
  }
  for (auto candidate = static_cast<std::uint32_t>(random.below(total_)); n < size_;
       candidate = static_cast<std::uint32_t>((candidate + 1) % total_))
    if (!taken(n, candidate)) picked_[n++] = candidate;
}

}  // namespace dns
