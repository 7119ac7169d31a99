// What a worker counts. One thread writes, any thread reads; numbers of different counters need not
// agree.
//
// Thread: add() and sub() from the worker alone; read() from any.
#pragma once

#include <atomic>
#include <cstdint>

namespace forwarder::net {

class Counter {
 public:
  // Plain moves on every machine that matters: no other thread writes.
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void sub(std::uint64_t n = 1) { add(~n + 1); }
  std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// The list of all counters, once: name and meaning.
#define FORWARDER_COUNTERS(COUNTER)                                                          \
  COUNTER(connections)           /* of clients, accepted */                                  \
  COUNTER(connections_open)      /* now */                                                   \
  COUNTER(connections_refused)   /* over Limits::connections */                              \
  COUNTER(connections_displaced) /* ended while they waited, for new ones over that limit */ \
  COUNTER(accept_errors)         /* the machine is out of descriptors or memory */           \
  COUNTER(requests)              /* with a whole head */                                     \
  COUNTER(requests_active)       /* now */                                                   \
  COUNTER(bad_requests)          /* refused for what they are */                             \
  COUNTER(unrouted)              /* answered here by a route, or for want of one */          \
  COUNTER(responses_2xx)         /* of upstreams, with 1xx and 3xx not counted as 2xx */     \
  COUNTER(responses_3xx)                                                                     \
  COUNTER(responses_4xx)                                                                     \
  COUNTER(responses_5xx)                                                                     \
  COUNTER(no_endpoint)       /* 503: the route leads to nothing that lives */                \
  COUNTER(loops)             /* 508: forwarded more often than Limits::hops */               \
  COUNTER(unreachable)       /* 503: no endpoint could be connected to */                    \
  COUNTER(overflows)         /* 503: as many are under way there as a policy allows */       \
  COUNTER(upstream_failed)   /* 502: died or spoke nonsense before a whole head */           \
  COUNTER(upstream_timeouts) /* 504 */                                                       \
  COUNTER(client_timeouts)   /* 408, and bodies that stopped coming */                       \
  COUNTER(client_gone)       /* before its response was whole, or spoilt its request */      \
  COUNTER(responses_cut)     /* the upstream died or fell silent mid-body: a visible cut */  \
  COUNTER(connects)          /* to upstreams */                                              \
  COUNTER(connect_failures)                                                                  \
  COUNTER(reused)             /* requests sent on a pooled connection */                     \
  COUNTER(retried)            /* on another endpoint; nothing had been sent */               \
  COUNTER(replayed)           /* sent again, idempotent and without an answer */             \
  COUNTER(ejections)          /* of endpoints, for what a policy holds against them */       \
  COUNTER(policy_retries)     /* sent again as a policy asks */                              \
  COUNTER(retries_refused)    /* a policy asks, and its upstream's budget is spent */        \
  COUNTER(out_of_time)        /* 504: a policy's requestTimeout is over */                   \
  COUNTER(tunnels)            /* 101 */                                                      \
  COUNTER(bytes_from_clients) /* bodies and heads, as read */                                \
  COUNTER(bytes_to_clients)   /* of answers; what a tunnel carries is not counted */

struct Counters {
#define FORWARDER_COUNTER(name) Counter name;
  FORWARDER_COUNTERS(FORWARDER_COUNTER)
#undef FORWARDER_COUNTER
};

// The same as plain numbers, summed over workers.
struct Totals {
#define FORWARDER_COUNTER(name) std::uint64_t name = 0;
  FORWARDER_COUNTERS(FORWARDER_COUNTER)
#undef FORWARDER_COUNTER

  void add(const Counters& counters) {
#define FORWARDER_COUNTER(name) name += counters.name.read();
    FORWARDER_COUNTERS(FORWARDER_COUNTER)
#undef FORWARDER_COUNTER
  }
  // visit("requests", 12) for each, in the order above.
  template <class Visit>
  void for_each(Visit&& visit) const {
#define FORWARDER_COUNTER(name) visit(#name, name);
    FORWARDER_COUNTERS(FORWARDER_COUNTER)
#undef FORWARDER_COUNTER
  }
};

}  // namespace forwarder::net
