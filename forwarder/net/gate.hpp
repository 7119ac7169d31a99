// One listening address as one worker sees it: accepts until it closes, and then ends who waits for
// a next request.
//
// The socket is shared by all workers (each has a duplicate), so closing one worker's gate loses no
// connection that waits in the kernel's queue, and a second process cannot bind the same port in
// silence, as SO_REUSEPORT lets it. A worker accepts one connection a turn, so that the others get
// theirs.
//
// A gate that hands over (leave()) still takes who comes, and answers each with Connection: close,
// so that clients find their way to others by their own next request and not into a closed door.
//
// A client that has just connected is about to ask: when the gate closes it keeps
// kFirstRequestGrace to do so, while one that waits between requests is let go at once.
//
// Where the worker has as many connections as it may, a new one takes the place of the one that has
// waited for a request longest, at whatever gate: who keeps connections must not shut out who asks.
// Only where none waits is it turned away.
//
// Invariant: a closed gate soon has no waiting session left; those in the middle of a request end
// after it. Thread: the worker's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/net/task.hpp"
#include "forwarder/net/workspace.hpp"

namespace forwarder::net {

class Session;

inline constexpr base::Duration kFirstRequestGrace = 1s;

class Gate : public std::enable_shared_from_this<Gate> {
 public:
  Gate(Workspace& work, base::net::Scope& sessions, const base::SocketAddress& wanted,
       base::net::Fd socket);

  const base::SocketAddress& wanted() const { return wanted_; }
  bool closing() const { return leaving_ || closing_; }  // no connection has another request
  void leave() { leaving_ = true; }
  void close();

  // A session that waits for the first byte of a request is listed in the workspace; leaving the
  // list is its own doing.
  void list_waiting(Session& session);

 private:
  enum class Which : std::uint8_t { all, who_has_asked };

  base::net::Task<void> accept_all();
  base::net::Task<void> end_waiting_later();
  void end_waiting(Which which);
  void admit(base::net::Accepted accepted);
  bool make_room();

  Workspace& work_;
  base::net::Scope& sessions_;
  const base::SocketAddress wanted_;  // as the table names it; with port 0 the bound one differs
  std::optional<base::net::Listener> listener_;
  base::net::Scope accepting_;
  bool leaving_ = false, closing_ = false;
};

}  // namespace forwarder::net
