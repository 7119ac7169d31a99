// Writes members of a host as address and SRV records.
//
// Thread: a value on the worker's stack; allocates nothing.
#pragma once

#include <cstdint>
#include <span>

#include "base/random.hpp"
#include "dns/counters.hpp"
#include "dns/draw.hpp"
#include "dns/host.hpp"
#include "dns/reply.hpp"

namespace dns {

class HostWriter {
 public:
  HostWriter(const Host& host, const Answer& answer, Reply& reply, base::Random& random,
             Counters& counters)
      : host_(host), answer_(answer), reply_(reply), random_(random), counters_(counters) {}

  // Each says whether there is anything of the kind; what does not fit is cut by the reply.
  //
  // The members of the tier drawn, shuffled.
  bool add_drawn(Range tiers, Type type);
  // The address of an endpoint called by it, and those of a hostname.
  bool add_endpoint(const base::IpAddress& ip, Type type);
  bool add_pod(std::uint32_t pod, Type type);
  // Of a reverse name, what it points at.
  bool add_pointers();
  // SRV records of the tier drawn first, then of the better ones it was drawn before as fall-backs;
  // then the targets' addresses. `host` is the host's name in wire form.
  bool add_service(std::span<const Tier> tiers, std::span<const std::uint8_t> host);

 private:
  struct Named;
  struct Srv {
    std::uint16_t priority, weight, port;
  };

  template <class MemberOf>
  Draw draw(const Tier& tier, const MemberOf& member_of);
  Target target(const Tier& tier, std::size_t i) const;
  std::uint16_t srv_weight(const Tier& tier, std::uint32_t member) const;
  std::uint16_t add_target(const Named& target, const Srv& srv, std::span<const std::uint8_t> host);
  std::uint16_t add_srv(std::span<const std::uint8_t> labels, const Srv& srv,
                        std::span<const std::uint8_t> host);
  void add_glue(const Named& target);
  bool add_address(std::span<const std::uint8_t> address, Section section, std::uint16_t owner);
  void count(std::uint16_t tier, OptionNumber stale, bool fail_open);

  const Host& host_;
  const Answer& answer_;
  Reply& reply_;
  base::Random& random_;
  Counters& counters_;
};

}  // namespace dns
