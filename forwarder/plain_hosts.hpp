// The virtual hosts of destinations that no route table names: each forwards its destination's HTTP
// ports to itself.
//
// They go from table to table: what comes of the same resolved destination as before is the same
// object, and costs a comparison. Protocol: begin(); add() for each destination in the order of
// their hosts; end(). Thread: the builder's.
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
std::vector<Entry> own_entries(const KeptUpstreams::Source& destination, Upstreams& upstreams,
                               const std::shared_ptr<const Addresses>& only_from);

class PlainHosts {
 public:
  using Source = KeptUpstreams::Source;

  void begin(const std::string& cluster);
  // `named`: some table names its host, so that it is none of these.
  void add(const Source& destination, bool named, Upstreams& upstreams, KeptUpstreams& kept);
  void end();

  // After end().
  void add_ports(std::set<std::uint16_t>& ports) const;
  // Of all destinations, those with something to say.
  void add_statuses(std::vector<DocumentStatus>& statuses) const;
  const Routes::Hosts& hosts() const { return hosts_; }
  const std::shared_ptr<const HostIndex>& index() const { return index_; }

 private:
  struct Known {
    Source destination;
    bool named = false;
    std::vector<std::uint16_t> ports;
    std::vector<KeptUpstreams::Handle> upstreams;
    std::shared_ptr<const Routes::Host> host;  // null: no request for it comes here
    std::vector<std::string> notes;
  };
  Known make(const Source& destination, bool named, Upstreams& upstreams,
             KeptUpstreams& kept) const;

  std::string cluster_;
  std::vector<Known> before_, known_;
  std::size_t at_ = 0;  // in before_
  Routes::Hosts hosts_;
  std::shared_ptr<const HostIndex> index_;  // of the hosts, by their places
};

}  // namespace forwarder
