// What is said to an upstream and what of its answer is believed (RFC 5452; dns.md §3 row 37 and
// §6.2), and the client's reply made of it.
//
// A query has an ID and a case of the name that nobody can guess (draft-vixie-dnsext-dns0x20), no
// option of the client's, and as its last 11 bytes an OPT record, which c-ares 1.18 may cut off. An
// answer is one whole message whose question is the query's byte for byte; of it the client gets
// the records, and nothing of the header but the rcode. Thread: pure.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "dns/foreign.hpp"
#include "dns/message.hpp"

namespace dns {

base::Bytes upstream_query(const ForeignQuery& query, bool edns, base::Random& random);

struct UpstreamAnswer {
  enum class Verdict : std::uint8_t {
    good,       // NOERROR or NXDOMAIN
    failure,    // another rcode: the server could not
    no_edns,    // FORMERR without OPT: the server does not know EDNS
    malformed,  // not an answer to this query, or not one message
  };
  Verdict verdict = Verdict::malformed;
  Rcode rcode = Rcode::servfail;          // also for those that EDNS adds: they are for us
  bool same_case = true;                  // false: it may be a guess of somebody else's
  bool edns = false;                      // it has an OPT record
  std::array<std::uint16_t, 3> counts{};  // records taken
  std::size_t records_end = kHeaderSize;  // where they end; OPT and what follows it are not taken
};

UpstreamAnswer read_upstream_answer(std::span<const std::uint8_t> query,
                                    std::span<const std::uint8_t> answer);

// `bytes` are those that `answer` was read from. One that does not fit has TC and nothing else.
base::Bytes reply_of(const ForeignQuery& query, std::span<const std::uint8_t> bytes,
                     const UpstreamAnswer& answer);
// SERVFAIL, with an extended error as option bytes for those who speak EDNS.
base::Bytes failure_reply(const ForeignQuery& query, std::span<const std::uint8_t> ede_option);

}  // namespace dns
