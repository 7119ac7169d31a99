// One request on one upstream connection, up to the end of its answer: both bodies move at once,
// each as fast as the side that takes it.
//
// The answer may begin before the request has ended. Then both go on; when the answer ends first,
// the rest of the request is not wanted any more and both connections close after it.
//
// Invariants: no byte goes to the client before a whole head came (1xx heads are passed on as they
// come); a body holds no more memory than what one read brought (Workspace::scratch), plus the
// replay buffer. Thread: the worker's.
#pragma once

#include <string_view>

#include "base/net/task.hpp"
#include "forwarder/net/local_reply.hpp"
#include "forwarder/net/outgoing_request.hpp"
#include "forwarder/net/request_note.hpp"
#include "forwarder/net/retrying.hpp"
#include "forwarder/net/session.hpp"

namespace forwarder::net {

enum class Outcome : std::uint8_t {
  answered,       // the client has a whole answer
  cut,            // the client has the beginning of one
  fell_silent,    // the same, and the connection stands; no more came for Timeouts::stream_idle
  client_gone,    // it does not take its answer, or spoilt its request when that had begun
  client_failed,  // it did not send what it promised: client_failure() says what to answer, if
                  // anything
  unsent,         // the connection took not one byte of the request
  untaken,        // it did, and the upstream had ended it before one reached it: nobody saw it
  unanswered,     // sent, and the connection ended without an answer to it
  failed,         // half a head came, or nonsense
  timed_out,
  too_slow,     // the same, within the shorter time of a policy
  turned_down,  // an answer came that a policy asks again for; the client has nothing of it
};

class Attempt {
 public:
  // `edits`: of the answer.
  Attempt(Session& session, OutgoingRequest& request, RequestNote& note, Connection& connection,
          Endpoints::Lease& lease, Retrying& retrying, const http::Edits& edits);

  base::net::Task<Outcome> run();

  // After `answered`: the upstream connection may serve another request.
  // After `turned_down`, too.
  bool poolable() const { return poolable_ && request_.whole() && upload_ == Upload::done; }
  // After `answered`: the client was told, or must notice, that its connection ends here.
  bool closing() const { return closing_ || !request_.whole(); }
  // That the upstream answered with; 0: none came.
  std::uint16_t status() const { return status_; }
  const Failure& client_failure() const { return client_failure_; }

 private:
  enum class Upload : std::uint8_t {
    done,
    under_way,
    broken_off,  // the upstream takes no more
    client_failed,
  };

  base::net::Task<Outcome> await_answer();
  base::net::Task<bool> pass_interim(std::string_view rest);
  base::net::Task<Outcome> switch_protocols(std::string_view rest);
  base::net::Task<Outcome> relay(std::string_view rest);
  base::net::Task<void> upload();
  void stop_upload(Failure failure);
  std::string_view render_head(http::Framing framing);
  bool passes_trailers(http::Framing to) const;
  void count(std::uint16_t status);
  bool is_late_goodbye() const;
  Outcome without_answer() const;
  base::TimePoint answer_deadline() const;
  base::TimePoint idle_until() const;
  bool still_moves() const;
  void turn_down(std::string_view rest);

  Session& session_;
  Workspace& work_;
  OutgoingRequest& request_;
  RequestNote& note_;
  Connection& connection_;
  Endpoints::Lease& lease_;
  Retrying& retrying_;
  const http::Edits edits_;
  base::net::Stream& client_;
  base::net::Stream& upstream_;
  Buffer received_;  // of the answer: a head in pieces, or what stands behind a 1xx
  Upload upload_ = Upload::done;
  std::size_t sent_ = 0;      // bytes of the request that the connection took
  base::TimePoint sent_at_;   // the latest of them
  base::TimePoint moved_at_;  // the latest byte either way, once the answer has begun
  std::uint16_t status_ = 0;
  bool answering_ = false;
  bool closing_ = false, poolable_ = false;
  Failure client_failure_;
};

}  // namespace forwarder::net
