// The upstreams of one table after the other, each in its place, and the slots of their members.
//
// An upstream is kept with its recipe: what of which destination it is. It is the same object while
// its destination is resolved as before; else it is made anew in the same place, whether or not
// whoever leads there is looked at. Protocol: begin_table(); find() or put(), or keep(), for each
// upstream that the table has; outdated() ones are put() again; end_table(), which drops the
// others; the table is published, or dropped for good, before the next begin. Thread: the
// builder's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/labels.hpp"
#include "discovery/view/resolution.hpp"
#include "forwarder/slot_map.hpp"

namespace forwarder {

class KeptUpstreams {
 public:
  using Source = std::shared_ptr<const discovery::view::ResolvedDestination>;

  // What an upstream is made of.
  struct Recipe {
    std::string host;              // of the destination; "" = a service that no zone names
    std::string namespace_, name;  // of that service
    std::string cluster;           // only this one's endpoints; "" = all
    base::Labels subset;           // only endpoints with these labels
    discovery::view::DestinationPort port;
    friend bool operator==(const Recipe&, const Recipe&) = default;
  };

  // Returns the number of the table begun, from 1. `now`: when endpoints came that are new in it.
  std::uint64_t begin_table(base::TimePoint now = kEver);
  // Those of that host are to be made anew, if a table has them again.
  void outdate(std::string_view host);
  void outdate_all();

  // The table has it. Of the same recipe and up to date; none: it is to be put.
  UpstreamId find(const std::string& name, const Recipe& recipe);
  // The table has it. By its name, which no other recipe has; its members' slots are held.
  UpstreamId put(Recipe recipe, std::shared_ptr<Upstream> upstream);
  // The table has one that the table before had.
  void keep(UpstreamId id) { kept_[id].table = table_; }
  // Of the upstreams that the table has, those still to be made anew.
  std::vector<UpstreamId> outdated() const;
  const Recipe& recipe(UpstreamId id) const { return kept_[id].recipe; }
  const std::string& name(UpstreamId id) const { return upstreams_[id]->name; }
  void end_table();

  const UpstreamList& upstreams() const { return upstreams_; }
  SlotMap& slots() { return slots_; }
  // Of that destination at that port, and of an endpoint of it: the same for all its subsets, while
  // some upstream holds it.
  std::shared_ptr<InFlight> in_flight(const Recipe& recipe);
  std::shared_ptr<Outlier> outlier(const Recipe& recipe, const base::SocketAddress& address);

 private:
  struct Kept {
    Recipe recipe;
    std::uint64_t table = 0;  // the last that has it
    bool outdated = false;
  };
  UpstreamId place_of(const std::string& name);
  void sweep();
  void drop(UpstreamId id);
  void release(const Upstream& upstream);

  SlotMap slots_;
  std::uint64_t table_ = 0;
  UpstreamList upstreams_;
  std::vector<Kept> kept_;        // by id
  std::vector<UpstreamId> free_;  // in no table since the last one ended
  std::unordered_map<std::string, UpstreamId> by_name_;
  std::unordered_map<std::string, std::vector<UpstreamId>> by_host_;
  using Port = std::pair<std::string, std::uint16_t>;  // of a destination, by its name
  static Port port_of(const Recipe& recipe);
  std::map<Port, std::weak_ptr<InFlight>> in_flight_;
  std::map<std::pair<Port, base::SocketAddress>, std::weak_ptr<Outlier>> outliers_;
  static constexpr std::size_t kFirstSweep = 64;
  std::size_t sweep_at_ = kFirstSweep;  // entries; those of none that lives go
};

}  // namespace forwarder
