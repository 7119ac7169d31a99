// Gives every endpoint address a dense id that stays the same from table to table.
//
// Workers keep health, load and connections by slot, so the same address must keep its id, and an
// id must not pass to another address while a table that used it may still be read. An id is held
// as often as some upstream has it; one that nobody holds when a table ends is given up when the
// next table is begun, and whoever gets it gets a new generation with it.
//
// Protocol: begin_table(); hold() for each address of what is new and release() for each id of what
// is gone; end_table(); the table is published before the next begin. Cost: what is new or gone.
// Thread: the builder's.
#pragma once

#include <cstdint>
#include <vector>

#include "forwarder/table.hpp"

namespace forwarder {

class SlotMap {
 public:
  // Returns the number of the table begun, from 1. `now`: when those came that are new in it.
  std::uint64_t begin_table(base::TimePoint now = kEver) {
    now_ = now;
    return ++table_;
  }
  SlotId hold(const base::SocketAddress& address);
  void release(SlotId id);
  const Slot& slot(SlotId id) const { return slots_[id]; }
  base::TimePoint since(SlotId id) const { return since_[id]; }  // held without a gap
  void end_table();

  const std::vector<Slot>& slots() const { return slots_; }

 private:
  std::size_t find(const base::SocketAddress& address) const;
  void grow();
  void forget(SlotId id);

  std::uint64_t table_ = 0;
  base::TimePoint now_ = kEver;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> holds_;    // by id
  std::vector<base::TimePoint> since_;  // the same
  std::vector<SlotId> released_;        // since the table was begun, by the last who held them
  std::vector<SlotId> free_;            // in no table since the last one ended
  // The ids by the hash of their addresses: the next free place is taken. A power of two, at most
  // half full.
  std::vector<std::uint32_t> index_;  // id + 1; 0 = free
};

}  // namespace forwarder
