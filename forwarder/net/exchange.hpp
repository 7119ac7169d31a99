// One request and its answer: decide, find an endpoint that takes it, hand the connection back.
//
// What may be sent twice (DESIGN §6, forwarder.md D10):
// - Nothing was sent (connect failed, or not one byte was taken): any method goes to another
//   endpoint, then another tier.
// - The upstream had ended the connection before a byte reached it (Outcome::untaken): any method
//   goes on a new one, as long as all of the request is still in the replay buffer.
// - Bytes were taken and no byte of an answer came: an idempotent request whose body is still
//   wholly in the replay buffer is sent again; a pooled connection that had gone stale is no mark
//   against its endpoint.
// - A RetryTimeoutPolicy asks for more, of other methods too (retry.hpp).
// - Everything else is an error to the client: what a POST or PATCH may have done is never done
//   twice. An upstream that lingers acknowledges what it will never read, and one whose process
//   dies resets: neither can be told from one that failed at the request. So POSTs take only a
//   connection that answered just now (Timeouts::fresh), which no idle time has come to; and bodies
//   that may outgrow the replay buffer take none.
//
// Invariant: the table is read only in begin(), which does not wait; what is needed of it later is
// held (HeldUpstreams).
// Thread: the worker's.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/net/task.hpp"
#include "forwarder/net/attempt.hpp"
#include "forwarder/net/outgoing_request.hpp"
#include "forwarder/net/request_note.hpp"
#include "forwarder/net/retrying.hpp"
#include "forwarder/net/session.hpp"

namespace forwarder::net {

class Exchange {
 public:
  explicit Exchange(Session& session);
  ~Exchange();

  // With the head still in the worker's buffers; `rest` is what was read behind it.
  void begin(const http::RequestHead& head, std::string_view rest);
  base::net::Task<Then> run();

 private:
  void decide(const http::RequestHead& head);
  void prepare(const http::RequestHead& head, const Forward& forward, std::uint64_t version);
  base::net::Task<Then> forward();
  // Null: there is none, or none for this request.
  std::unique_ptr<Connection> take_pooled(const Member& member);
  // Null: there is none, and why is noted, unless the request's time is over.
  base::net::Task<std::unique_ptr<Connection>> connect(Member member, Endpoints::Lease& lease);
  void give_back(const Member& member, std::unique_ptr<Connection> connection);
  base::net::Task<Then> fail(Failure failure);
  base::net::Task<Then> answer(const Reply& reply);
  base::net::Task<Then> send(Buffer& reply);

  const ConnectionRule& rule() const;
  base::Duration connecting() const;
  PickKey pick_key(const http::RequestHead& head);
  PickKey give_cookie(const resources::HashBy& by);
  std::optional<Member> choose();
  // `status`: that came, 0: none.
  void judge(const Member& member, std::uint16_t status);
  void client_is_gone();
  bool is_cut_off(Outcome outcome);
  void note_failure(Outcome outcome, Endpoints::Lease& lease, const Member& member);
  void note_unreachable(base::Code why, Endpoints::Lease& lease, const Member& member);
  bool may_try_again(Outcome outcome, bool stale);
  ReplyForm reply_form() const;
  http::Connection reply_connection() const;
  http::Edits response_edits();

  Session& session_;
  Workspace& work_;
  OutgoingRequest request_;
  RequestNote note_;
  HeldUpstreams::Hold upstream_;
  PickKey pick_key_;
  bool in_flight_ = false;          // counted so at the upstream
  HeldTreatments::Hold treatment_;  // empty: no policy
  struct {
    std::string text;  // "" = none is given
    http::Header field;
    http::Edits others;
  } cookie_;
  std::optional<Reply> reply_;
  Failure failure_;
  std::vector<SlotId> tried_;
  Retrying retrying_;
};

}  // namespace forwarder::net
