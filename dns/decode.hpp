// A received datagram or TCP message as a query: what is asked, and with which extensions (RFC 1035
// §4, RFC 6891).
//
// Everything a reply needs is copied out, so the reply may be written over the same bytes behind
// the question. The question's bytes stay as they came (its case is the client's, 0x20); `name` is
// lower case. Invariant: question_end is where an echoed question ends, kHeaderSize when none is to
// be echoed. Errors: a verdict, in the order of dns.md §3; nothing is read beyond the given bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dns/client_subnet.hpp"
#include "dns/message.hpp"
#include "dns/name.hpp"

namespace dns {

struct Edns {
  std::uint16_t udp_size = 0;  // as the client said it
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  std::optional<ClientSubnet> client_subnet{};
};

enum class Verdict : std::uint8_t {
  query,           // to be answered
  short_message,   // no header: dropped
  response,        // QR set: dropped, or two servers would talk forever
  unknown_opcode,  // NOTIMP
  malformed,       // FORMERR
  bad_version,     // BADVERS
};

struct Query {
  Verdict verdict = Verdict::query;
  std::uint16_t flags = 0;
  std::size_t question_end = kHeaderSize;
  Name name;
  std::uint16_t type = 0;
  std::uint16_t class_ = 0;
  std::optional<Edns> edns;
};

Query decode(std::span<const std::uint8_t> message);

}  // namespace dns
