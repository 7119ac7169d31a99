// The upstreams of one table after the other, and the slots of their members.
//
// An upstream that comes of the same resolved destination as in the table before is the same
// object. Protocol: begin_table(); find() or put() for each upstream of the table; end_table(),
// which drops the others; the table is published, or dropped for good, before the next begin.
// Thread: the builder's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "discovery/view/resolution.hpp"
#include "forwarder/slot_map.hpp"

namespace forwarder {

class KeptUpstreams {
 public:
  using Source = std::shared_ptr<const discovery::view::ResolvedDestination>;

  // Returns the number of the table begun, from 1.
  std::uint64_t begin_table();
  // What this table has already, or an earlier one had of the same source; null: it is to be made.
  std::shared_ptr<const Upstream> find(const std::string& name, const Source& source);
  // One that is in the table, to be kept in later ones by keep(), without a gap.
  using Handle = std::uint64_t*;
  Handle handle(const std::string& name) { return &kept_.at(name).table; }
  void keep(Handle handle) const { *handle = table_; }
  // Its members' slots are held. Without a source it is for this table alone.
  void put(Source source, std::shared_ptr<const Upstream> upstream);
  void end_table();

  SlotMap& slots() { return slots_; }

 private:
  struct Kept {
    Source source;
    std::shared_ptr<const Upstream> upstream;
    std::uint64_t table = 0;  // the last that has it
  };
  void release(const Upstream& upstream);

  SlotMap slots_;
  std::uint64_t table_ = 0;
  std::map<std::string, Kept> kept_;  // by name
};

}  // namespace forwarder
