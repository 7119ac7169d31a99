// A zone that this agent owns: its SOA and NS, and the negative answers of all names in it.
//
// Names in its records end in pointers to the apex, which stands at another place in every
// question; the serial is the table's. Thread: immutable.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "dns/name.hpp"

namespace dns {

// A record, and where in it the two-byte pointers to the apex go.
struct ApexRecord {
  base::Bytes bytes{};
  std::array<std::uint16_t, 3> pointers{};
  std::uint8_t pointer_count = 0;
};

struct Zone {
  std::uint8_t apex_length = 0;  // wire form
  bool inner = false;            // lies below names of another zone of ours
  std::uint32_t ttl = 0, negative_ttl = 0;
  ApexRecord soa{}, ns{};
  std::uint16_t serial_at = 0;  // in soa
  base::Bytes
      ns_glue{};  // address records of the name server; their owner is to be pointed at its name
};

struct Apex {
  Name name{}, name_server{}, hostmaster{};
  std::uint32_t ttl = 0, negative_ttl = 0;
  std::vector<base::IpAddress> addresses{};  // of the name server
};

Zone make_zone(const Apex& apex);

// A hostmaster as configured: a label below the apex, or a mailbox, whose local part is one label
// even where it holds dots.
std::optional<Name> hostmaster_name(const std::string& text, const Name& apex);

}  // namespace dns
