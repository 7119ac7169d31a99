// What a worker counts of its queries and answers, for /metrics.
//
// Thread: one writer, the worker that owns it; anyone may read. A count is an atomic that only its
// owner writes, so adding is a plain load and store; readers may see counts of one query partly.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "dns/message.hpp"

namespace dns {

class Count {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct Counters {
  // By type asked; the last is every other type.
  static constexpr std::array kTypes{Type::a,  Type::aaaa, Type::srv,   Type::txt, Type::soa,
                                     Type::ns, Type::any,  Type::https, Type::svcb};
  static constexpr std::array<const char*, kTypes.size() + 1> kTypeNames{
      "A", "AAAA", "SRV", "TXT", "SOA", "NS", "ANY", "HTTPS", "SVCB", "other"};
  static constexpr std::size_t kRcodes = 17;  // NOERROR to BADVERS
  static constexpr std::size_t kTiers = 8;    // the last counts all tiers from there on

  std::array<Count, kTypes.size() + 1> queries;
  std::array<Count, kRcodes> responses;
  std::array<Count, kTiers> answered_from_tier;  // A, AAAA and SRV answers by the tier drawn
  Count edns;
  Count truncated;
  Count stale;                            // answers that hold an endpoint of a silent cluster
  Count fail_open;                        // answers where nothing was healthy
  Count short_messages, stray_responses;  // dropped without a word
  Count late;                             // dropped: they had waited too long for a worker
  Count grouped;                          // answers that left behind another in one message
  Count receive_errors, send_errors;      // of the socket

  void count_query(std::uint16_t type) {
    std::size_t i = 0;
    while (i < kTypes.size() && static_cast<std::uint16_t>(kTypes[i]) != type) ++i;
    queries[i].add();
  }
};

// Of one upstream.
struct UpstreamCounters {
  Count requests, retries_over_tcp;
  Count errors;      // no answer in time, none at all, or one that is no answer
  Count mismatches;  // answers whose question came in another case: a server's habit, or a forgery
  Count unanswered;  // requests since the last that had an answer

  static constexpr std::uint64_t kUnhealthyAfter = 3;
  bool healthy() const { return unanswered.get() < kUnhealthyAfter; }
};

// Of all queries passed on.
struct PassOnCounters {
  Counters dns;     // the responses
  Count asked;      // queries taken
  Count coalesced;  // of these, joined to a question under way
  Count refused;    // dropped, or SERVFAIL over TCP: too many at once, or too late
  Count under_way;  // now
};

}  // namespace dns
