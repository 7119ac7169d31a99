// Which upstreams a name that is not ours goes to, and for whom: what agent.yaml says of passing
// on.
//
// The rule of the longest zone wins. Some names stay here unless a rule is for them alone (dns.md
// §3 row 39): localhost (RFC 6761), what cannot exist (`invalid`, `onion`: RFC 6761, 7686), the
// reverse zones of private and other local addresses (RFC 6303), and addresses of names of one
// label, which are somebody's search list at work. Other questions about single labels, `. DNSKEY`
// and `com. DS`, are passed on: validators behind us need them. Thread: immutable, part of the
// table.
#pragma once

#include <memory>
#include <vector>

#include "base/address.hpp"
#include "dns/foreign.hpp"
#include "dns/zone.hpp"
#include "dns/zone_config.hpp"

namespace dns {

// A zone answered here that no document defines: empty but, in localhost, for loopback's addresses.
struct SpecialZone {
  Name apex{};
  Zone zone{};
  bool loopback = false;
};

// At most one of the three is set. None: nobody is asked for such names.
struct Way {
  const std::shared_ptr<const Upstreams>* upstreams = nullptr;
  const SpecialZone* special = nullptr;
  bool bare_label = false;
};

class PassOnRules {
 public:
  // Null: passing on is off.
  static std::shared_ptr<const PassOnRules> make(const ZoneConfig& config);

  bool allows(const base::IpAddress& client) const;
  Way find(const Name& name, std::uint16_t type) const;

 private:
  PassOnRules() = default;
  std::vector<std::shared_ptr<const Upstreams>> rules_;  // longest zones first
  std::vector<SpecialZone> special_;
  std::vector<base::Cidr> clients_;
};

}  // namespace dns
