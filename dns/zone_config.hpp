// What agent.yaml says of DNS answers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"

namespace dns {

// Names of a zone that others answer for: who is asked, in the order to be tried.
struct PassOnRule {
  std::string zone;  // "." = every name
  std::vector<base::SocketAddress> to;
  friend bool operator==(const PassOnRule&, const PassOnRule&) = default;
};

struct ZoneConfig {
  std::vector<std::string> zones;
  base::Duration ttl = std::chrono::seconds(5);
  base::Duration degraded_ttl = std::chrono::seconds(1);  // while an answer is expected to change
  base::Duration negative_ttl = std::chrono::seconds(5);
  std::uint16_t max_answers = 8;          // 8 A or AAAA fit 512 bytes whatever the name; 0 = all
  std::string hostmaster = "hostmaster";  // a label of the apex, or a mailbox "ops@example.com"
  std::string agent;                      // for id.server; "" = refused
  std::string software;                   // for version.bind; "" = refused
  std::vector<base::IpAddress> ns_addresses;
  std::vector<PassOnRule> pass_on;             // none: names of others are refused
  std::vector<base::Cidr> clients;             // whose queries are passed on
  std::vector<base::Cidr> trusted_forwarders;  // whose client subnets are believed

  friend bool operator==(const ZoneConfig&, const ZoneConfig&) = default;
};

// A TTL of the wire: whole seconds, rounded up, at most a day.
std::uint32_t wire_ttl(base::Duration duration);

}  // namespace dns
