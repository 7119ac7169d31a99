// From a query's bytes to the answer's, in the same buffer, by a table: the protocol rules of
// dns.md §3.
//
// Reads nothing but its arguments; allocates nothing (but for an explanation's words and the first
// question for a place), locks nothing, knows no socket, so it serves UDP, TCP, tests and fuzzers
// alike. Every input is answered as the table of rules says, or dropped with a count, but for what
// is not implemented: cookies (row 10; a query without a question is FORMERR with a cookie, too,
// row 3), rate limits (row 32), answers to NSID (row 12: held to its form, then ignored, as a
// client subnet is that comes from nobody trusted), the TXT record `dns-version` of a zone (row 23:
// it says that a zone has Kubernetes' schema, and ours has not). What upstreams are to answer is
// handed back (rows 24, 29 and 39; 36 to 38 are pending.hpp's), but nothing that was answered is
// kept (row 36). Thread: any; counters and random are the caller's own. Limits: over UDP an answer
// has at most kUdpPayload bytes (kPlainUdpSize without EDNS), whatever the client offers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/address.hpp"
#include "base/random.hpp"
#include "dns/counters.hpp"
#include "dns/foreign.hpp"
#include "dns/table.hpp"

namespace dns {

struct Client {
  base::IpAddress ip;
  Transport transport = Transport::udp;
};

// `buffer` begins with the query and has room for an answer: kUdpPayload bytes, kMaxMessage over
// TCP, kPlainUdpSize at the least. A null table answers SERVFAIL. Returns the answer's length; 0 =
// say nothing. `foreign` is set (and then allocates) when the query is to be passed on; where it is
// null nobody can, and such queries are refused. `ahead`: steps to the host asked for (FetchAhead).
std::size_t answer(const Table* table, const Client& client, std::span<std::uint8_t> buffer,
                   std::size_t query_length, base::Random& random, Counters& counters,
                   std::optional<ForeignQuery>* foreign = nullptr,
                   const Index::Step* ahead = nullptr);

}  // namespace dns
