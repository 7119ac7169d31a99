// The bulk stream of a link: large snapshots go by a connection of their own, so that changes and
// beacons wait for none of their bytes, in no buffer and for no window.
//
// It belongs to one link, is opened by the side that dialled that one when either has something
// large to say, and closed when nothing has moved on it for kBulkIdle. One transfer at a time goes
// each way, and of it one part: the next waits until the other side shows that it came, so no
// buffer on the way holds more and the pace is that of the network. Two streams have no common
// order: a delta of an origin whose snapshot is on its way here must not overtake it, so it waits
// as well. While there is no stream to be had, bulk takes turns on the link. Thread: control only.
#pragma once

#include <optional>

#include "base/time.hpp"
#include "discovery/node.hpp"
#include "discovery/pace.hpp"
#include "discovery/transfer.hpp"

namespace discovery {

inline constexpr base::Duration kBulkPatience = std::chrono::seconds(3);  // for it to be opened
// For a part to be shown, while the other side asks for more: what is on it does not come through.
// Less than the patience of who asks again, and more than a part takes.
inline constexpr base::Duration kBulkStall = std::chrono::milliseconds(1'500);
inline constexpr base::Duration kBulkIdle = std::chrono::seconds(10);
inline constexpr base::Duration kBulkAgain = std::chrono::seconds(30);  // after one has failed

struct BulkStream {
  LinkId id = 0;  // 0 = there is none
  base::TimePoint moved_at{};
  std::optional<Transfer> transfer;
  std::optional<OriginId> unshown;  // all of it is sent, and the last part not shown
  std::optional<OriginId> to_show;  // what came from the other side
  std::optional<base::TimePoint> asked_at;
  base::TimePoint not_before{};  // until then none is asked for
  // Who was dialled says by the first row of a snapshot, on the link, that it has more of them.
  std::optional<Pull> beckons;
  Pace pace{kBulkPartTime, kBulkFrame* kMaxFrameBytes};
  std::optional<base::TimePoint> awaits;  // since then that the part sent last is shown
  bool announced = false;

  bool is_busy() const { return transfer || unshown; }
  bool brings(const OriginId& origin) const {
    return unshown == origin || (transfer && transfer->origin() == origin);
  }
  // Whatever comes the other way.
  bool is_stuck(base::TimePoint now) const {
    return is_busy() && now - awaits.value_or(moved_at) >= kBulkStall;
  }
  bool has_work() const { return id != 0 && ((transfer && !awaits) || to_show); }
  bool is_expected(base::TimePoint now) const {
    return id != 0 || (asked_at && now - *asked_at < kBulkPatience);
  }
  // True when one is to be asked for now.
  bool ask(base::TimePoint now) {
    if (id != 0 || now < not_before || is_expected(now)) return false;
    const bool in_vain = asked_at.has_value();
    asked_at.reset();
    if (in_vain)
      not_before = now + kBulkAgain;
    else
      asked_at = now;
    return !in_vain;
  }
  void opened(base::TimePoint now, LinkId stream) {
    id = stream;
    moved_at = now;
    asked_at.reset();
  }
  // With what was on it: who lacks that asks again.
  void ended(base::TimePoint now) {
    if (is_busy()) not_before = now + kBulkAgain;
    id = 0;
    transfer.reset();
    unshown.reset();
    to_show.reset();
    awaits.reset();
    announced = false;
  }
};

}  // namespace discovery
