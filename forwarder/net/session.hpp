// One client connection: requests in, answers out, in order, until one side has had enough.
//
// Reads heads from the worker's scratch; only a head that came in pieces, or a request that came
// behind another one, has a buffer. Between requests a session is a suspended coroutine, of one
// frame, and a descriptor.
//
// Invariants: a request is read only after the answer to the one before it was written (pipelining
// in order); after a refusal or a cut nothing more is read as a request. Thread: the worker's.
#pragma once

#include <memory>
#include <string>

#include "base/net/task.hpp"
#include "forwarder/http/parser.hpp"
#include "forwarder/net/gate.hpp"
#include "forwarder/net/workspace.hpp"

namespace forwarder::net {

// What is to become of the client's connection after an answer.
enum class Then : std::uint8_t {
  next_request,
  close,
  linger,  // close, but the client may still be sending: let it read the answer first
  cut,     // close so that the client cannot take what it got for complete
};

class Session : public base::net::Link {
 public:
  // Refers to all of them.
  Session(Workspace& work, Gate& gate, base::net::Accepted& accepted);
  ~Session();

  // The life of one: what a client that came through the gate asks is answered, to its end.
  static base::net::Task<void> serve(Workspace& work, base::net::Accepted accepted,
                                     std::shared_ptr<Gate> gate);
  // Has not asked anything yet.
  bool is_new() const { return !served_; }
  // A session that waits for a request reads an end now, behind what has come already.
  void end_waiting();

  Workspace& work() { return work_; }
  base::net::Stream& client() { return client_; }
  const base::SocketAddress& peer() const { return peer_; }
  const Gate& gate() const { return gate_; }
  // Bytes behind the current request; `from` may lie in them.
  void keep_for_later(std::string_view from) { pending_.keep(from); }
  // What the client has sent behind the current request.
  std::string take_pending() {
    std::string bytes(pending_.view());
    pending_.release();
    return bytes;
  }

 private:
  bool in_head() const { return head_deadline_ != base::net::kNoDeadline; }
  base::TimePoint begin_waiting();  // until when
  bool is_slow(const base::net::IoResult& got) const;
  bool has_to_linger(Then then) const;
  base::net::Task<Then> take_head(std::string_view input);
  base::net::Task<Then> refuse(http::Reject reject);
  base::net::Task<void> linger();

  Workspace& work_;
  Gate& gate_;
  base::net::Stream client_;
  const base::SocketAddress& peer_;
  http::RequestParser parser_;
  Buffer pending_;  // read and not yet taken
  bool served_ = false;
  bool starved_ = false;  // what is pending is no whole head
  // From a head's first byte; the empty line that old clients send behind a body is none of it.
  base::TimePoint head_deadline_ = base::net::kNoDeadline;
};

}  // namespace forwarder::net
