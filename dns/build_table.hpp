// What a resolution means in DNS: which names exist, and the records of each for each class of
// callers.
//
// For a destination `host` (DESIGN §5):
//
// - `<host>` A, AAAA: through the door to endpoints the members of one tier, drawn by share,
//   shuffled, at most max_answers; where the host is headless, every member of every tier;
//   fail-open, those of all tiers together. Through the forwarder's door its addresses. The tiers
//   in use are chosen over endpoints, whatever their family: where they have no IPv6, AAAA is
//   NODATA, even if a fall-back has some. A family is drawn among those of them that have it, so A
//   and AAAA of a name with endpoints are never both NODATA.
// - `_<port>._tcp.<host>` SRV: the port is asked for by its name, or else its protocol, and by its
//   number; the transport is TCP always. Priority is the tier's index, weight the
//   endpoint's; targets are the names below, with their addresses. Where a draw by share passes
//   over better tiers, their priority is raised by the number of tiers, so they stay as fall-backs.
//   Through the forwarder's door the target is `<host>` itself, and a port that it does not speak
//   has none.
// - `<dashed-ip>.<host>` A, AAAA: the address: "10-0-0-5", "fd00--1". No Kubernetes service can be
//   called so.
// - `<hostname>.<cluster>.<host>` A, AAAA: a headless endpoint with a hostname; NODATA while it is
//   left out.
// - `_explain.<host>` TXT: the selection in words.
//
// And for each zone, or host outside all zones, its apex with SOA and NS, and ns.<apex>, or ns2,
// ns3 … where documents define hosts so called. Where a host has no endpoint and the view is not
// synced, or the forwarder is the door and has no address, A, AAAA and SRV are SERVFAIL.
//
// A host that is defined wins over a derived name. Problems are collected in the table, never
// fatal. Thread: a pure function.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/address.hpp"
#include "base/time.hpp"
#include "discovery/view/resolution.hpp"
#include "dns/table.hpp"

namespace dns {

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
};

std::unique_ptr<const Table> build_table(const discovery::view::Resolution& resolution,
                                         const ZoneConfig& config);

}  // namespace dns
