#include "forwarder/net/exchange.hpp"

#include "forwarder/http/forwarded.hpp"

namespace forwarder::net {

using base::net::Task;

Exchange::Exchange(Session& session) : session_(session), work_(session.work()), request_(work_) {
  work_.counters.requests.add();
  work_.counters.requests_active.add();
}

Exchange::~Exchange() { work_.counters.requests_active.sub(); }

void Exchange::begin(const http::RequestHead& head, std::string_view rest) {
  request_.note(head);
  decide(head);
  const auto body = request_.start_body(rest);
  if (request_.too_large()) failure_ = kTooLarge;
  if (body.malformed) failure_ = {400, body.reason};
  session_.keep_for_later(body.done ? rest.substr(body.consumed) : std::string_view());
}

void Exchange::decide(const http::RequestHead& head) {
  // OPTIONS *, about this server and none behind it; or a request that may go no further.
  if (head.path == "*" || head.max_forwards == 0u) {
    if (head.method == "OPTIONS")
      reply_ = Reply{200, {}, {}};
    else
      failure_ = kTraceEnds;
    return;
  }
  const Table* table = work_.table.acquire();
  if (!table) {
    failure_ = kNoTable;
    return;
  }
  auto decision = table->decide({session_.gate().wanted().port, session_.peer().ip, &head},
                                work_.random, &work_.endpoints);
  if (decision.treatment) treatment_ = work_.treatments.hold(decision.treatment, table->version);
  if (auto* reply = std::get_if<Reply>(&decision.action))
    reply_ = std::move(*reply);
  else
    prepare(head, std::get<Forward>(decision.action), table->version);
  work_.table.park();
}

void Exchange::prepare(const http::RequestHead& head, const Forward& forward,
                       std::uint64_t version) {
  if (!forward.upstream) {
    failure_ = kNoEndpoint;
  } else if (http::times_forwarded(head) >= work_.limits.hops) {
    failure_ = kLoop;
  } else {
    upstream_ = work_.upstreams.hold(forward.upstream, version);
    const auto edits = treatment_ ? treatment_->request.edits() : http::Edits();
    request_.render(head, forward, session_.peer_text(), edits);
  }
}

Task<Then> Exchange::run() {
  auto then = Then::close;
  if (failure_.status != 0)
    then = co_await fail(failure_);
  else if (reply_)
    then = co_await answer(*reply_);
  else
    then = co_await forward();
  co_return then;
}

Task<Then> Exchange::forward() {
  auto& endpoints = work_.endpoints;
  auto give_up_at = work_.in(work_.timeouts.connecting);
  bool fresh_only = !request_.idempotent() || !request_.stays_replayable();
  failure_ = kNoEndpoint;
  while (tried_.size() < work_.limits.attempts && work_.loop.now() < give_up_at) {
    const auto member = pick(*upstream_, tried_, endpoints, work_.random);
    if (!member) break;
    Endpoints::Lease lease(endpoints, *member);
    auto connection = fresh_only ? nullptr : endpoints.take(*member);
    if (connection)
      work_.counters.reused.add();
    else
      connection = co_await connect(*member);
    if (!connection) {
      lease.unreachable();
      failure_ = kUnreachable;
      work_.counters.retried.add();
      tried_.push_back(member->slot);
      continue;
    }
    Attempt attempt(session_, request_, *connection, lease, response_edits());
    const auto outcome = co_await attempt.run();
    if (outcome == Outcome::answered) {
      lease.answered();
      if (attempt.poolable()) endpoints.put(*member, std::move(connection));
      co_return !attempt.closing() ? Then::next_request
      : request_.whole()           ? Then::close
                                   : Then::linger;
    }
    if (outcome == Outcome::cut) lease.failed();
    const bool begun = outcome == Outcome::cut || outcome == Outcome::fell_silent;
    if (begun || outcome == Outcome::client_gone) {
      (begun ? work_.counters.responses_cut : work_.counters.client_gone).add();
      co_return Then::cut;
    }
    failure_ = attempt.client_failure();
    if (outcome == Outcome::client_failed) break;

    const bool never_read = outcome == Outcome::unsent || outcome == Outcome::unanswered;
    if (connection->reused && never_read) {
      fresh_only =
          true;  // stale, and others in the pool may be too: the same endpoint, newly connected
    } else {
      lease.failed();
      tried_.push_back(member->slot);
    }
    failure_ = outcome == Outcome::timed_out ? kUpstreamTimeout : kUpstreamFailed;
    if (!may_try_again(outcome)) break;
    give_up_at = work_.in(work_.timeouts.connecting);  // however long the upstream took to fail
  }
  const auto then = co_await fail(failure_);
  co_return then;
}

bool Exchange::may_try_again(Outcome outcome) {
  if (outcome == Outcome::unsent) return true;
  if (outcome != Outcome::unanswered || !request_.idempotent() || !request_.replayable())
    return false;
  if (replays_++ == work_.limits.replays) return false;
  work_.counters.replayed.add();
  return true;
}

Task<std::unique_ptr<Connection>> Exchange::connect(Member member) {
  auto& counters = work_.counters;
  counters.connects.add();
  auto connection = co_await work_.endpoints.connect(member);
  if (!connection) counters.connect_failures.add();
  co_return connection;
}

Task<Then> Exchange::fail(Failure failure) {
  auto& counters = work_.counters;
  if (failure.status == 0) {
    counters.client_gone.add();
    co_return Then::close;
  }
  auto& of_kind = failure.status == 502                   ? counters.upstream_failed
                  : failure.status == 504                 ? counters.upstream_timeouts
                  : failure.status == 408                 ? counters.client_timeouts
                  : failure.status == 400                 ? counters.bad_requests
                  : failure.status == kTooLarge.status    ? counters.bad_requests
                  : failure.status == kTraceEnds.status   ? counters.bad_requests
                  : failure.status == kLoop.status        ? counters.loops
                  : failure.reason == kUnreachable.reason ? counters.unreachable
                                                          : counters.no_endpoint;
  of_kind.add();
  Buffer reply(work_.buffers);
  render_failure(failure, reply_form(), reply.bytes());
  const auto then = co_await send(reply);
  co_return then;
}

Task<Then> Exchange::answer(const Reply& routed) {
  work_.counters.unrouted.add();
  Buffer reply(work_.buffers);
  render_routed(routed, reply_form(), response_edits(), reply.bytes());
  const auto then = co_await send(reply);
  co_return then;
}

Task<Then> Exchange::send(Buffer& reply) {
  const auto sent = co_await send_rest(session_.client(), reply, work_.timeouts.body_idle);
  work_.counters.bytes_to_clients.add(sent.bytes);
  if (!sent) co_return Then::cut;
  if (!request_.whole()) co_return Then::linger;
  co_return reply_connection() == http::Connection::close ? Then::close : Then::next_request;
}

http::Edits Exchange::response_edits() const {
  return treatment_ ? treatment_->response.edits() : http::Edits();
}

ReplyForm Exchange::reply_form() const {
  const auto body = request_.head_only() ? http::ReplyBody::omitted : http::ReplyBody::sent;
  return {body, reply_connection(), work_.date()};
}

// A body that nobody takes would be read as the next request. An HTTP/1.0 client would have to be
// told that its connection stays; ours are not worth it.
http::Connection Exchange::reply_connection() const {
  const bool stays = request_.keep_alive() && request_.minor_version() > 0 && request_.whole() &&
                     !session_.gate().closing();
  return stays ? http::Connection::keep_alive : http::Connection::close;
}

}  // namespace forwarder::net
