// A bounded queue into one thread: many post, one drains as a batch; the injected waker pokes the owner's loop.
//
// Invariant: at most `capacity` items wait; what does not fit is refused and counted, never blocked on. Items posted
// with `must_deliver` (link up, link down) have room of their own and are never refused; their number is bounded by
// what they describe.
// Thread: post from any; drain from the owner only.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace base {

enum class Delivery { may_drop, must_deliver };

template <class T>
class Inbox {
 public:
  // `wake` is called after a post into an empty inbox, from the posting thread, without the lock.
  Inbox(std::size_t capacity, std::function<void()> wake) : capacity_(capacity), wake_(std::move(wake)) {}

  // False when the inbox was full and the item was dropped (and counted).
  bool post(T item, Delivery delivery = Delivery::may_drop) {
    bool was_empty = false;
    {
      const std::lock_guard lock(mutex_);
      if (delivery == Delivery::may_drop && droppable_ >= capacity_) {
        ++dropped_;
        return false;
      }
      droppable_ += delivery == Delivery::may_drop ? 1 : 0;
      was_empty = items_.empty();
      items_.push_back(std::move(item));
    }
    if (was_empty && wake_) wake_();
    return true;
  }

  // All that waits, in the order posted. Swaps buffers: `batch` lends its capacity to the next round.
  void drain(std::vector<T>& batch) {
    batch.clear();
    const std::lock_guard lock(mutex_);
    items_.swap(batch);
    droppable_ = 0;
  }

  std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  const std::size_t capacity_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::vector<T> items_;
  std::size_t droppable_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace base
