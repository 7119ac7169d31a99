// Asks one DNS server one question, as a client would (c-ares), so that what is printed is what
// clients get.
//
// Thread: any; blocks for at most two tries of a second.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"

namespace agent::client {

struct DnsRecord {
  std::string text;       // an address; "priority weight port target"; a TXT string
  std::uint32_t ttl = 0;  // seconds; A and AAAA only
};

struct DnsAnswer {
  int status = -1;      // c-ares': 0 = records, ARES_ENODATA, ARES_ENOTFOUND …
  std::string failure;  // its text; "" on success
  std::vector<DnsRecord> records;
};

// `type`: "A", "AAAA", "SRV" or "TXT".
DnsAnswer look_up(const base::SocketAddress& server, const std::string& name,
                  std::string_view type);

}  // namespace agent::client
