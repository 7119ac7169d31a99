// A small HTTP/1.1 server for the agent's own endpoints: admin, probes and the demo's sample
// services.
//
// A request is read whole, answered by one function on the loop's thread, and the reply written;
// then the next on the same connection. The function must not block: what takes time is read from
// something published.
//
// Invariants: every wait has a deadline; a connection holds at most a head, a body of Limits::body
// and a reply; more than Limits::connections are closed as they come, and counted. What the codec
// refuses is answered with its status and ends the connection, after a moment in which the peer can
// read why.
//
// Thread: the loop's. Ownership: closing is destruction; nothing outlives the server. Errors:
// open() alone fails.
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "agent/http_message.hpp"
#include "base/net/stream.hpp"
#include "base/net/task.hpp"
#include "base/result.hpp"

namespace agent {

class HttpServer {
 public:
  struct Limits {
    std::size_t connections = 256;
    std::size_t body = 1024 * 1024;  // 413
    base::Duration idle = std::chrono::seconds(60);
    base::Duration request = std::chrono::seconds(10);  // from its first byte to its last: 408
    base::Duration reply = std::chrono::seconds(10);
    base::Duration linger = std::chrono::seconds(1);
  };
  struct Counts {
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;      // malformed, too large or too slow
    std::uint64_t turned_away = 0;  // connections beyond the limit
  };

  static base::Result<std::unique_ptr<HttpServer>> open(
      base::net::EventLoop& loop, const std::vector<base::SocketAddress>& addresses,
      Respond respond, const Limits& limits, base::net::BindOptions bind = {});
  static base::Result<std::unique_ptr<HttpServer>> open(
      base::net::EventLoop& loop, const std::vector<base::SocketAddress>& addresses,
      Respond respond) {
    return open(loop, addresses, std::move(respond), Limits{});
  }

  // The real ones, where port 0 was asked for; in the order given.
  std::vector<base::SocketAddress> addresses() const;
  const Counts& counts() const { return counts_; }

 private:
  struct Connection;
  struct Reading;
  using Listener = base::net::Listener;

  HttpServer(base::net::EventLoop& loop, std::vector<std::unique_ptr<Listener>> listeners,
             Respond respond, const Limits& limits);
  base::net::Task<void> accept_from(Listener& listener);
  bool make_room();
  base::net::Task<void> serve(base::net::Fd fd, base::SocketAddress peer);
  base::net::Task<Reading> read_head(Connection& connection);
  base::net::Task<Reading> read_body(Connection& connection);
  base::net::Task<void> linger(Connection& connection);
  HttpReply reply_to(const Connection& connection, const Reading& reading);
  base::TimePoint in(base::Duration duration) const { return loop_.now() + duration; }

  base::net::EventLoop& loop_;
  const Respond respond_;
  const Limits limits_;
  Counts counts_;
  std::vector<char> scratch_;    // read into by whichever connection runs
  std::list<Connection*> idle_;  // waiting for a request, the longest first
  std::vector<std::unique_ptr<Listener>> listeners_;
  base::net::Scope connections_, acceptors_;
};

}  // namespace agent
