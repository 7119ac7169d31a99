// Gives every endpoint address a dense id that stays the same from table to table.
//
// Workers keep health, load and connections by slot, so the same address must keep its id, and an
// id must not pass to another address while a table that used it may still be read. An address that
// a table no longer holds gives its id up when the next table is begun, and whoever gets it gets a
// new generation with it.
//
// Protocol: begin_table(), id_of() for each address, end_table(); the table is published before the
// next begin. Thread: the builder's.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "forwarder/table.hpp"

namespace forwarder {

class SlotMap {
 public:
  // Returns the number of the table begun, from 1.
  std::uint64_t begin_table();
  SlotId id_of(const base::SocketAddress& address);
  const Slot& slot(SlotId id) const { return slots_[id]; }
  void end_table();

  const std::vector<Slot>& slots() const { return slots_; }

 private:
  std::uint64_t table_ = 0;
  std::unordered_map<base::SocketAddress, SlotId> ids_;
  std::vector<Slot> slots_;
  std::vector<std::uint64_t> last_used_;  // by id: the last table that held it
  std::vector<SlotId> free_;              // in no table since the last one ended
};

}  // namespace forwarder
