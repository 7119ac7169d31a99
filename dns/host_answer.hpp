// What a host says to one query: records written into the reply for the members drawn.
//
// Allocates nothing, but for `_explain`. Thread: a value on the worker's stack.
#pragma once

#include <cstdint>
#include <span>

#include "base/random.hpp"
#include "dns/counters.hpp"
#include "dns/host.hpp"
#include "dns/reply.hpp"
#include "dns/table.hpp"

namespace dns {

class HostAnswer {
 public:
  // `host`: that which was found, or what it is at the place in the name.
  HostAnswer(const Table& table, const Found& found, const Host& host, const Query& query,
             std::uint16_t caller_class);

  // False where nobody knows yet what the name leads to, or it leads to a forwarder that has no
  // address: "there is none" would be kept by caches for longer than that takes. A, AAAA and SRV
  // are SERVFAIL then.
  bool ready() const { return ready_; }
  // Whether there is a record of any type.
  bool has_records() const;
  // An extended error to go with whatever is answered; empty = none.
  std::span<const std::uint8_t> ede() const;
  // For how long it stays so that a type is missing, at most.
  std::uint32_t negative_ttl() const { return is(Derived::Kind::between) ? ~0u : answer_.ttl; }

  // Adds the records of the type asked. False: there are none.
  bool write(Reply& reply, base::Random& random, Counters& counters) const;

 private:
  class Writer;

  bool is(Derived::Kind kind) const { return name_.kind == kind; }
  bool find_ready() const;
  std::span<const Tier> service() const { return host_.service(answer_, name_.number); }
  bool write_explanation(Reply& reply) const;

  const Table& table_;
  const Host& host_;
  const bool placed_at_door_;  // of a forwarder, which does not see places
  const Derived& name_;
  const std::uint8_t host_length_;
  const Query& query_;
  const std::uint16_t class_;
  const Answer& answer_;
  const bool ready_;
};

}  // namespace dns
