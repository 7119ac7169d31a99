// Several arrays behind one another in one allocation: for objects of which there are very many,
// each with a few short arrays of its own.
//
// Immutable. The types are plain values, in an order of falling alignment, so that no gap is
// needed. Limits: 4 GiB. Thread: as const objects are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <vector>

#include "base/fetch.hpp"
#include "base/result.hpp"

namespace base {

template <class... Ts>
class Packed {
  static constexpr std::size_t kArrays = sizeof...(Ts);
  static constexpr std::array<std::size_t, kArrays> kSizes{sizeof(Ts)...}, kAligns{alignof(Ts)...};
  // Where each array begins, and where the last ends, stands in front of them.
  static constexpr std::size_t kHead = (sizeof(std::uint32_t) * (kArrays + 1) + 7) / 8 * 8;
  static constexpr bool falling() {
    for (std::size_t i = 1; i < kArrays; ++i)
      if (kAligns[i] > kAligns[i - 1]) return false;
    return kAligns[0] <= 8;
  }
  static_assert((std::is_trivially_copyable_v<Ts> && ...) && falling());

  static constexpr std::size_t kFetched = 320;

 public:
  explicit Packed(const std::vector<Ts>&... arrays) {
    const std::array<std::size_t, kArrays> counts{arrays.size()...};
    std::array<std::uint32_t, kArrays + 1> begins;
    std::size_t end = kHead;
    for (std::size_t i = 0; i < kArrays; ++i) {
      begins[i] = static_cast<std::uint32_t>(end);
      end += counts[i] * kSizes[i];
    }
    INVARIANT(end <= ~std::uint32_t{0});
    begins[kArrays] = static_cast<std::uint32_t>(end);
    bytes_ = std::make_unique_for_overwrite<std::byte[]>(end);
    std::memcpy(bytes_.get(), begins.data(), sizeof begins);
    std::size_t i = 0;
    (copy(arrays, begins[i++]), ...);
  }

  template <std::size_t kArray>
  auto get() const {
    using T = std::tuple_element_t<kArray, std::tuple<Ts...>>;
    const auto* begins = reinterpret_cast<const std::uint32_t*>(bytes_.get());
    return std::span<const T>(reinterpret_cast<const T*>(bytes_.get() + begins[kArray]),
                              (begins[kArray + 1] - begins[kArray]) / sizeof(T));
  }
  // Its beginning: where all is as small as it is meant to be, all of it.
  void fetch() const { base::fetch(bytes_.get(), kFetched); }
  std::size_t size() const { return reinterpret_cast<const std::uint32_t*>(bytes_.get())[kArrays]; }

 private:
  template <class T>
  void copy(const std::vector<T>& array, std::size_t at) {
    if (!array.empty()) std::memcpy(bytes_.get() + at, array.data(), array.size() * sizeof(T));
  }

  std::unique_ptr<std::byte[]> bytes_;
};

}  // namespace base
