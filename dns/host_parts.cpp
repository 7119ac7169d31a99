#include "dns/host_parts.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "dns/record.hpp"

namespace dns {
namespace {

// A word up to which a draw falls to a tier, so that words are shared out as the shares are.
std::uint64_t share_to_word(double share_so_far) {
  const double word = std::ldexp(share_so_far, 64);
  return word >= 0x1p64 ? ~std::uint64_t{0} : static_cast<std::uint64_t>(std::max(word, 0.0));
}

}  // namespace

void HostPartsWriter::clear() {
  auto& p = parts_;
  const auto clear_all = [](auto&... arrays) { (arrays.clear(), ...); };
  clear_all(p.tiers, p.answers, p.bands, p.services, p.labels, p.targets, p.pod_members, p.pods,
            p.clusters, p.members, p.weights, p.stale, p.service_errors, p.v6, p.answer_of_class,
            p.texts);
}

const HostParts& HostPartsWriter::finish() {
  const auto drop_if_all = [](auto& array, std::uint32_t usual) {
    if (std::ranges::all_of(array, [usual](auto value) { return value == usual; })) array.clear();
  };
  drop_if_all(parts_.weights, 1);
  drop_if_all(parts_.stale, 0);
  drop_if_all(parts_.service_errors, 0);
  drop_if_all(parts_.answer_of_class, 0);
  return parts_;
}

std::uint32_t HostPartsWriter::put_text(std::string_view wire) {
  const auto place = size32(parts_.texts.size());
  parts_.texts.insert(parts_.texts.end(), wire.begin(), wire.end());
  return place;
}

OptionNumber HostPartsWriter::put_option(Ede code, std::string_view text) {
  return put_text(error_option(code, text)) + 1;
}

Band HostPartsWriter::add_band(std::span<Item> items) {
  v4_.clear();
  v6_.clear();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto bytes = items[i].ip->bytes();
    if (items[i].ip->is_v4()) {
      std::uint32_t value;
      std::memcpy(&value, bytes.data(), sizeof value);
      v4_.push_back(std::uint64_t{value} << 32 | i);
    } else {
      std::ranges::copy(bytes, v6_.emplace_back(V6{}, i).first.begin());
    }
  }
  std::ranges::sort(v4_);
  std::ranges::sort(v6_);

  Band band{.first = size32(parts_.members.size())};
  for (std::size_t i = 0; i < v4_.size(); ++i) {
    const auto value = static_cast<std::uint32_t>(v4_[i] >> 32);
    auto& item = items[static_cast<std::uint32_t>(v4_[i])];
    if (i == 0 || value != v4_[i - 1] >> 32) parts_.members.push_back(value), ++band.v4;
    add_to_last(item);
  }
  for (std::size_t i = 0; i < v6_.size(); ++i) {
    if (i == 0 || v6_[i].first != v6_[i - 1].first) {
      parts_.members.push_back(size32(parts_.v6.size())), ++band.v6;
      parts_.v6.push_back(v6_[i].first);
    }
    add_to_last(items[v6_[i].second]);
  }
  return band;
}

// What an item says of the last member, which it is.
void HostPartsWriter::add_to_last(Item& item) {
  auto& weights = parts_.weights;
  auto& stale = parts_.stale;
  item.member = size32(parts_.members.size() - 1);
  if (weights.size() < parts_.members.size()) {
    weights.push_back(std::max(item.weight, 1u));
    stale.push_back(item.stale);
  } else if (stale.back() == 0) {
    stale.back() = item.stale;
  }
}

Tier HostPartsWriter::tier_of(Range members, std::size_t index) const {
  Tier tier{.members = members, .index = static_cast<std::uint16_t>(index)};
  if (members.count == 0) return tier;
  const auto first = parts_.weights[members.first];
  for (auto i = members.first; i < members.first + members.count; ++i) {
    tier.heaviest = std::max(tier.heaviest, parts_.weights[i]);
    tier.alike &= parts_.weights[i] == first;
    if (tier.stale == 0) tier.stale = parts_.stale[i];
  }
  return tier;
}

Range HostPartsWriter::put_tiers(std::vector<Drawn>& drawn) {
  const Range range{size32(parts_.tiers.size()), size32(drawn.size())};
  double shares = 0, share_so_far = 0;
  for (const auto& [tier, share] : drawn) shares += share;
  for (auto& [tier, share] : drawn) {
    share = shares > 0 ? share / shares : &tier == &drawn.front().tier ? 1 : 0;
    tier.until = share_to_word(share_so_far += share);
    parts_.tiers.push_back(tier);
  }
  // Shares that add up to a little less than 1 must not leave the rest to a tier without one.
  for (auto i = drawn.size(); i-- > 0;) {
    parts_.tiers[range.first + i].until = ~std::uint64_t{0};
    if (drawn[i].share > 0) break;
  }
  return range;
}

}  // namespace dns
