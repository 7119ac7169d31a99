// DNS over UDP: a thread per socket, a system call for a batch of queries and one for their answers
// (performance.md §1).
//
// A worker blocks in recvmmsg() holding no snapshot; it takes the newest table for each batch,
// answers every query in the buffer it came in, and sends. Nothing is shared between workers but
// the published table. A query that is to be passed on is handed to PassOn, which replies through
// the same socket; it stays open as long as anybody waits for that. Invariants: no allocation (but
// for `_explain`) and no lock between receiving and sending what is answered here; an answer leaves
// from the address that was asked; a send that would block is dropped and counted, like any
// datagram, and so is a query that has waited too long. Thread: constructed, stopped and destroyed
// by one; counters() may be read by any.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/net/fd.hpp"
#include "base/published.hpp"
#include "base/time.hpp"
#include "dns/net/pass_on.hpp"
#include "dns/responder.hpp"
#include "dns/table.hpp"

namespace dns::net {

using Tables = base::Published<Table>;

class UdpServer {
 public:
  // A query that has waited for longer is not answered: its client has asked again, or soon will
  // (dns.md §3 row 40).
  static constexpr base::Duration kPatience = std::chrono::milliseconds(1500);

  // Starts a worker for each socket (bound, blocking). `tables` and `pass_on` outlive the server;
  // without the latter, queries for names of others are refused.
  UdpServer(std::vector<base::net::Fd> sockets, Tables& tables, std::uint64_t seed,
            base::Duration patience = kPatience, PassOn* pass_on = nullptr);
  ~UdpServer();

  // Returns when the workers have answered what they had received. A second call does nothing.
  void stop();

  std::size_t workers() const { return workers_.size(); }
  const Counters& counters(std::size_t worker) const;

 private:
  class Worker;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace dns::net
