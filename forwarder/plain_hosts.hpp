// The virtual hosts of destinations that no route table names: each forwards its destination's HTTP
// ports to itself.
//
// They go from table to table: what comes of a destination that looks as before is the same object,
// whatever endpoints it has; and what has not changed at all costs a comparison. Upstreams of what
// has changed are outdated, also of what tables name. Protocol: begin();
// add() for each destination in the order of their hosts; end(). Thread: the builder's.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "forwarder/routes.hpp"
#include "forwarder/status.hpp"
#include "forwarder/upstreams.hpp"

namespace forwarder {

// Whether requests for it may come in here: our own cluster defines it or runs a part of it, or DNS
// sends callers here. What only others have opens no port of ours unless a table names it.
bool opens_ports(const discovery::view::Destination& destination, std::string_view cluster);

// A route of its own for each HTTP port of a destination; `only_from`: the callers it is for, null
// = all.
Entries own_entries(const KeptUpstreams::Source& destination, Upstreams& upstreams,
                    const std::shared_ptr<const Addresses>& only_from);
// Of such a route.
UpstreamId upstream_of(const Entry& entry);

class PlainHosts {
 public:
  using Source = KeptUpstreams::Source;

  void begin(const std::string& cluster);
  // `named`: some table names its host, so that it is none of these.
  void add(const Source& destination, bool named, Upstreams& upstreams, KeptUpstreams& kept);
  void end(KeptUpstreams& kept);

  // After end().
  const std::set<std::uint16_t>& ports() const { return ports_; }
  // Of all destinations, those with something to say.
  void add_statuses(Statuses& statuses) const;
  const std::shared_ptr<const Hosts>& hosts() const { return hosts_; }

 private:
  struct Known {
    Source destination;
    bool named = false;
    bool opens_ports = false;
    std::vector<UpstreamId> upstreams;
    std::shared_ptr<const Host> host;  // null: no request for it comes here
    std::vector<std::string> notes;
  };
  void leave_out(const Known& gone, KeptUpstreams& kept);
  Known make(const Source& destination, bool named, Upstreams& upstreams) const;

  std::string cluster_;
  std::vector<Known> before_, known_;
  std::size_t at_ = 0;    // in before_
  bool changed_ = false;  // some of known_ is not as before
  std::set<std::uint16_t> ports_;
  std::shared_ptr<const Hosts> hosts_ = std::make_shared<const Hosts>();
};

}  // namespace forwarder
