// DNS over TCP (RFC 7766): any number of queries on a connection, in pieces or many at once, each
// answered in turn, but for those that are passed on: they are answered when upstreams have been.
//
// One thread and one loop for all connections. A connection holds what is left of an unfinished
// query and what its client has not yet taken of the answers, and nothing while it is idle. Time
// for a query counts from the last whole one, so trickling bytes buys no more of it. Limits: Limits
// below, and kMaxQuery; at a cap the connection idle for longest goes (of the same client, at the
// client's cap), so newcomers always get in. Thread: started, stopped and destroyed by one;
// counters may be read by any. Source: RFC 7766 §6, RFC 9210 §4.2, dns.md §3 row 30.
#pragma once

#include <cstdint>
#include <memory>

#include "base/net/fd.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "dns/net/udp_server.hpp"

namespace dns::net {

struct TcpLimits {
  base::Duration idle = std::chrono::seconds(10);  // without a whole query, or for taking an answer
  std::size_t connections = 1024;
  std::size_t connections_per_client = 256;
  base::Duration drain = std::chrono::seconds(2);  // for clients to take their answers at a stop
};

struct TcpCounters {
  Counters dns;
  Count accepted;
  Count closed;   // accepted - closed: open now
  Count evicted;  // to make room
  Count timed_out;
  Count too_long;  // closed for a query above kMaxQuery
  Count accept_errors;
};

class TcpServer {
 public:
  static constexpr std::size_t kMaxQuery = 4096;  // bytes; a real one has a few hundred

  // Serves `listener`, which is non-blocking. `tables` and `pass_on` outlive the server; without
  // the latter, queries for names of others are refused.
  static base::Result<std::unique_ptr<TcpServer>> start(base::net::Fd listener, Tables& tables,
                                                        std::uint64_t seed, TcpLimits limits = {},
                                                        PassOn* pass_on = nullptr);
  ~TcpServer();

  // Takes no more connections, answers what was received, closes. A second call does nothing.
  void stop();
  const TcpCounters& counters() const;

 private:
  class Service;
  explicit TcpServer(std::unique_ptr<Service> service);
  std::unique_ptr<Service> service_;
};

}  // namespace dns::net
