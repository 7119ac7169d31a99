// An immutable snapshot handed from one publisher to many readers without a lock or a reference
// count on the path.
//
// A reader announces the epoch it reads in, takes a raw pointer and keeps it until `release()`; it
// parks (announces "nothing") before it blocks. The publisher swaps the pointer, retires the old
// snapshot and frees it once no reader announces an epoch in which it could still be seen
// (epoch-based reclamation; McKenney's QSBR with parking).
//
// Invariant: a snapshot is freed only after every reader has released it or parked since its
// retirement. Thread: publish/collect from the one publisher; each Reader from the one thread that
// made it; a Reader may be made and destroyed at any time. The Published outlives its Readers.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.hpp"

namespace base {

template <class T>
class Published {
  static constexpr std::uint64_t kParked = ~std::uint64_t{0};
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> epoch{kParked};
    std::atomic<bool> taken{false};
  };

 public:
  static constexpr std::size_t kMaxReaders = 256;

  Published() = default;
  explicit Published(std::unique_ptr<const T> first) { publish(std::move(first)); }
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;
  ~Published() { delete current_.load(); }

  // Makes `next` what readers see from now on and frees what no reader can hold any more.
  void publish(std::unique_ptr<const T> next) {
    const T* old = current_.exchange(next.release(), std::memory_order_seq_cst);
    const auto epoch = epoch_.fetch_add(1, std::memory_order_seq_cst);
    if (old) retired_.push_back({epoch, std::unique_ptr<const T>(old)});
    collect();
  }

  // Frees retired snapshots that no reader can see. Call now and then when publications are rare.
  void collect() {
    std::uint64_t oldest = ~std::uint64_t{0};
    for (const auto& slot : slots_) {
      const auto seen = slot.epoch.load(std::memory_order_seq_cst);
      if (seen != kParked && seen < oldest) oldest = seen;
    }
    std::erase_if(retired_, [oldest](const Retired& r) { return r.epoch < oldest; });
  }

  std::uint64_t version() const { return epoch_.load(std::memory_order_acquire); }
  std::size_t retired() const { return retired_.size(); }
  // For the publisher itself: what it published last (may be null).
  const T* latest() const { return current_.load(std::memory_order_acquire); }

  class Reader {
   public:
    explicit Reader(Published& published) : published_(published) {
      for (auto& slot : published_.slots_)
        if (bool free = false; slot.taken.compare_exchange_strong(free, true)) {
          slot_ = &slot;
          return;
        }
      check_failed("at most kMaxReaders readers", __FILE__, __LINE__);
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() {
      park();
      slot_->taken.store(false, std::memory_order_release);
    }

    // The newest snapshot (null before the first publication), valid until the next acquire() or
    // park().
    const T* acquire() {
      slot_->epoch.store(published_.epoch_.load(std::memory_order_seq_cst),
                         std::memory_order_seq_cst);
      return published_.current_.load(std::memory_order_seq_cst);
    }
    // Holds nothing: to be called before blocking.
    void park() { slot_->epoch.store(kParked, std::memory_order_release); }

   private:
    friend class Published;
    Published& published_;
    Slot* slot_ = nullptr;
  };

 private:
  struct Retired {
    std::uint64_t epoch;
    std::unique_ptr<const T> snapshot;
  };

  std::atomic<const T*> current_{nullptr};
  std::atomic<std::uint64_t> epoch_{1};
  std::array<Slot, kMaxReaders> slots_;
  std::vector<Retired> retired_;  // publisher only
};

}  // namespace base
