// The replica number of this agent among those of its cluster: fixed by its configuration, or one
// of 0..count-1 that it takes by itself, the first that no other agent is found to hold.
//
// A number is held by who has had it longer; of two that began together by the lesser instance. A
// number that was refused is left alone for kRefusedFor, then tried again: its holder may have
// gone. Thread: control only.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>

#include "base/time.hpp"

namespace discovery {

// Said by who does not give way: its number is fixed.
inline constexpr base::Duration kHeldForGood =
    std::chrono::milliseconds(std::numeric_limits<std::uint32_t>::max());

class Slot {
 public:
  static constexpr base::Duration kRefusedFor = std::chrono::seconds(5);
  static constexpr base::Duration kTogether = std::chrono::seconds(3);
  using Instance = std::array<std::uint8_t, 16>;

  // `count` 0: `number` is fixed.
  Slot(std::uint32_t number, std::uint32_t count, Instance instance, base::TimePoint now)
      : number_(number), count_(count), instance_(instance), since_(now) {}

  bool is_fixed() const { return count_ == 0; }
  std::uint32_t count() const { return count_; }
  base::Duration held(base::TimePoint now) const {
    return is_fixed() ? kHeldForGood : now - since_;
  }
  // Another agent says that it has held our number for so long.
  bool gives_way(base::TimePoint now, base::Duration its_held, const Instance& its) const;
  // Our number is another's. The one taken instead; nothing where all are held, `heard` among them.
  std::optional<std::uint32_t> next(base::TimePoint now, const std::set<std::uint32_t>& heard);

 private:
  std::uint32_t number_, count_;
  Instance instance_;
  base::TimePoint since_;
  std::map<std::uint32_t, base::TimePoint> refused_;  // and when
};

}  // namespace discovery
