// Makes Hosts: of what discovery resolved, of a zone's name server, of an address.
//
// Cost: the endpoints of each class of callers that is answered differently, once, and once more
// for each port. Thread: the builder's; buffers are kept from one host to the next.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "discovery/view/resolution.hpp"
#include "dns/host.hpp"
#include "dns/host_parts.hpp"
#include "dns/name.hpp"
#include "dns/reverse.hpp"
#include "dns/zone_config.hpp"

namespace dns {

class HostMaker {
 public:
  explicit HostMaker(const ZoneConfig& config);

  std::shared_ptr<const Host> destination(
      std::shared_ptr<const discovery::view::ResolvedDestination> resolved, const Name& name);
  std::shared_ptr<const Host> name_server(const std::vector<base::IpAddress>& addresses);
  std::shared_ptr<const Host> reverse(const Reverse::Names& names);

 private:
  using Service = std::vector<const discovery::view::DestinationPort*>;
  struct Place {  // in items_
    std::size_t begin, end;
  };

  void begin(const discovery::view::ResolvedDestination& resolved, const Name& name);
  void add_labels();
  void add_pods();

  void add_addresses(const std::vector<base::IpAddress>& addresses, std::uint16_t quota);
  void answer_forwarder();
  void answer_endpoints(const discovery::view::Selection& selection);
  OptionNumber say_state(const discovery::view::Selection& selection);
  void add_families(const discovery::view::Selection& selection, Answer& answer);
  void add_service(const Service& service, const discovery::view::Selection& selection,
                   const Answer& answer);
  bool serve_alike(const Service& service, Place tier, std::uint16_t& port) const;
  Range add_targets(const Service& service, Place tier);
  void add_pod_members(Answer& answer);
  void share_out();

  OptionNumber stale_option(const discovery::view::Choice& choice);
  std::uint32_t pod_of(const discovery::view::Endpoint& endpoint) const;
  bool has_name(const Item& item, std::uint32_t pod) const;
  std::uint16_t quota() const;

  const ZoneConfig config_;
  HostPartsWriter writer_;
  HostParts& parts_ = writer_.parts();

  // Of the host at hand.
  const discovery::view::ResolvedDestination* resolved_ = nullptr;
  const discovery::view::Destination* destination_ = nullptr;
  std::size_t room_ = 0;  // bytes for labels in front of it
  std::vector<Service> services_;
  std::unordered_map<const discovery::view::Endpoint*, std::uint32_t> pod_of_;
  std::unordered_map<std::string_view, OptionNumber> silent_;  // by cluster

  // Of the answer at hand: its choices, tier by tier, each with the item that it makes.
  std::vector<const discovery::view::Choice*> choices_;
  std::vector<Item> items_;
  std::vector<Place> tiers_;
  std::vector<Drawn> drawn_;
};

}  // namespace dns
