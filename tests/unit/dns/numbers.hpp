// What tests call the numbers of DNS (IANA, "Domain Name System (DNS) Parameters"): of their own,
// as reading.hpp says.
#pragma once

#include <cstdint>

namespace numbers {

enum Type : std::uint16_t {
  A = 1,
  NS = 2,
  SOA = 6,
  PTR = 12,
  HINFO = 13,
  TXT = 16,
  AAAA = 28,
  SRV = 33,
  DS = 43,
  HTTPS = 65,
  ANY = 255
};
enum Rcode : std::uint16_t { NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 16 };

}  // namespace numbers
