#include "forwarder/net/exchange.hpp"

#include <algorithm>
#include <charconv>

#include "forwarder/ejection.hpp"
#include "forwarder/http/forwarded.hpp"

namespace forwarder::net {

using base::net::Task;

namespace {

bool is_late(Outcome outcome) {
  return outcome == Outcome::timed_out || outcome == Outcome::too_slow;
}

bool is_without_answer(Outcome outcome) {
  return outcome == Outcome::unsent || outcome == Outcome::untaken ||
         outcome == Outcome::unanswered;
}

}  // namespace

Exchange::Exchange(Session& session)
    : session_(session),
      work_(session.work()),
      request_(work_),
      note_(work_, session.peer()),
      retrying_(work_, request_, upstream_) {
  work_.counters.requests.add();
  work_.counters.requests_active.add();
}

Exchange::~Exchange() {
  work_.counters.requests_active.sub();
  if (in_flight_) upstream_->in_flight->leave();
  note_.push(request_.body_bytes(), upstream_ ? upstream_->name : std::string_view());
}

void Exchange::begin(const http::RequestHead& head, std::string_view rest) {
  request_.note(head);
  note_.head(head);
  decide(head);
  const auto body = request_.start_body(rest);
  if (request_.too_large()) failure_ = kTooLarge;
  if (body.malformed) failure_ = malformed(body.reason);
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
  note_.route(decision.route);
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
    note_.destination(upstream_->name);
    pick_key_ = pick_key(head);
    if (const auto& in_flight = upstream_->in_flight) {
      in_flight_ = in_flight->enter(upstream_->policy->connections.requests);
      if (!in_flight_) failure_ = kOverflow;
    }
    if (treatment_) {
      retrying_.follow(treatment_->retry);
      if (treatment_->retry.on) request_.keep();
    }
    const auto edits = treatment_ ? treatment_->request.edits() : http::Edits();
    char client[base::IpAddress::kMostText];
    request_.render(head, forward, {client, session_.peer().ip.to_chars(client)}, edits);
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
  auto give_up_at = work_.in(connecting());
  bool fresh_only = !request_.stays_replayable();
  failure_ = kNoEndpoint;
  while (tried_.size() < work_.limits.attempts && work_.loop.now() < give_up_at) {
    if (const auto pause = retrying_.take_pause(); pause > base::Duration::zero())
      co_await base::net::sleep_until(work_.loop, std::min(work_.in(pause), retrying_.over_at()));
    const auto member = choose();
    if (!member) break;
    note_.tries(member->address);
    Endpoints::Lease lease(endpoints, *member);
    auto connection = fresh_only ? nullptr : take_pooled(*member);
    if (!connection) connection = co_await connect(*member, lease);
    if (!connection && retrying_.over()) break;
    if (!connection) continue;
    Attempt attempt(session_, request_, note_, *connection, lease, retrying_, response_edits());
    const auto outcome = co_await attempt.run();
    if (outcome == Outcome::answered || outcome == Outcome::turned_down) {
      lease.answered();
      judge(*member, attempt.status());
      if (attempt.poolable()) give_back(*member, std::move(connection));
      if (outcome == Outcome::turned_down) {
        tried_.push_back(member->slot);
        give_up_at = work_.in(connecting());
        continue;
      }
      co_return !attempt.closing() ? Then::next_request
      : request_.whole()           ? Then::close
                                   : Then::linger;
    }
    if (outcome == Outcome::cut) note_failure(outcome, lease, *member);
    if (is_cut_off(outcome)) co_return Then::cut;
    failure_ = attempt.client_failure();
    if (outcome == Outcome::client_failed) break;

    const bool stale = connection->reused && is_without_answer(outcome);
    // Others in the pool may be stale, too: the same endpoint, newly connected.
    fresh_only = fresh_only || stale;
    if (!stale) note_failure(outcome, lease, *member);
    failure_ = is_late(outcome) ? kUpstreamTimeout : kUpstreamFailed;
    if (!may_try_again(outcome, stale)) break;
    give_up_at = work_.in(connecting());  // however long the upstream took to fail
  }
  const bool client_failed = failure_.status < 500;
  if (retrying_.over() && !client_failed) {
    work_.counters.out_of_time.add();
    failure_ = kOutOfTime;
  }
  const auto then = co_await fail(failure_);
  co_return then;
}

void Exchange::client_is_gone() {
  work_.counters.client_gone.add();
  note_.ended("DC", "client is gone");
}

// The client has the beginning of an answer, or takes none.
bool Exchange::is_cut_off(Outcome outcome) {
  if (outcome == Outcome::client_gone) {
    client_is_gone();
    return true;
  }
  if (outcome != Outcome::cut && outcome != Outcome::fell_silent) return false;
  work_.counters.responses_cut.add();
  if (outcome == Outcome::cut)
    note_.ended("UC", "upstream ended within its answer");
  else
    note_.ended("SI", "upstream fell silent within its answer");
  return true;
}

void Exchange::note_failure(Outcome outcome, Endpoints::Lease& lease, const Member& member) {
  outcome == Outcome::too_slow ? lease.too_slow() : lease.failed();
  judge(member, 0);
  tried_.push_back(member.slot);
}

// What we lack ourselves is nothing against the endpoint; another may do without it.
void Exchange::note_unreachable(base::Code why, Endpoints::Lease& lease, const Member& member) {
  failure_ = why == base::Code::exhausted ? kExhausted : kUnreachable;
  if (why != base::Code::exhausted) {
    lease.unreachable(rule());
    judge(member, 0);
  }
  work_.counters.retried.add();
  tried_.push_back(member.slot);
}

void Exchange::judge(const Member& member, std::uint16_t status) {
  if (forwarder::judge(*upstream_, member, status, work_.loop.now()))
    work_.counters.ejections.add();
}

PickKey Exchange::pick_key(const http::RequestHead& head) {
  if (!upstream_->policy) return {};
  const auto& balancing = upstream_->policy->balancing;
  switch (balancing.by) {
    case Balancing::By::hash: {
      const auto hash = hash_of(balancing.hash, head, session_.peer().ip);
      return hash || !balancing.hash.ttl ? hash : give_cookie(balancing.hash);
    }
    case Balancing::By::round_robin:
      return work_.turns.next(upstream_->id, work_.random);
    default:
      return {};
  }
}

// Drawn, so that it says nothing of the client or of where it leads.
PickKey Exchange::give_cookie(const resources::HashBy& by) {
  char value[16];
  auto* end = std::to_chars(value, value + sizeof value, work_.random.next(), 16).ptr;
  const std::string_view drawn(value, end);
  cookie_.text = set_cookie(by, drawn);
  cookie_.field = {"Set-Cookie", cookie_.text};
  return hash_of_cookie(drawn);
}

// Where a policy asks again and every endpoint was tried, one of them is asked again.
std::optional<Member> Exchange::choose() {
  if (retrying_.over()) return std::nullopt;
  if (retrying_.by_policy() && tried_.size() + 1 >= work_.limits.attempts) tried_.clear();
  auto member = pick(*upstream_, tried_, work_.endpoints, work_.random, pick_key_);
  if (member || !retrying_.by_policy()) return member;
  tried_.clear();
  return pick(*upstream_, tried_, work_.endpoints, work_.random, pick_key_);
}

bool Exchange::may_try_again(Outcome outcome, bool stale) {
  switch (outcome) {
    case Outcome::unsent:
      return true;
    case Outcome::untaken:
      if (request_.replayable()) work_.counters.replayed.add();
      return request_.replayable();
    case Outcome::unanswered:
      // Once at most, for no pooled connection is taken any more: no try, and no policy's.
      if (!stale || !request_.idempotent() || !request_.replayable())
        return retrying_.again(TryEnd::unanswered);
      work_.counters.replayed.add();
      return true;
    case Outcome::failed:
      return retrying_.again(TryEnd::broken);
    case Outcome::timed_out:
    case Outcome::too_slow:
      return retrying_.again(TryEnd::timed_out);
    default:
      return false;
  }
}

std::unique_ptr<Connection> Exchange::take_pooled(const Member& member) {
  const auto at_most = request_.idempotent() ? base::Duration::max() : work_.timeouts.fresh;
  auto connection = work_.endpoints.take(member, at_most);
  if (!connection) return nullptr;
  request_.keep();
  work_.counters.reused.add();
  return connection;
}

Task<std::unique_ptr<Connection>> Exchange::connect(Member member, Endpoints::Lease& lease) {
  auto& counters = work_.counters;
  counters.connects.add();
  auto connected = co_await work_.endpoints.connect(member, rule(), retrying_.over_at());
  if (connected) co_return std::move(*connected);
  counters.connect_failures.add();
  if (!retrying_.over()) note_unreachable(connected.error().code, lease, member);
  co_return nullptr;
}

void Exchange::give_back(const Member& member, std::unique_ptr<Connection> connection) {
  ++connection->requests;
  work_.endpoints.put(member, std::move(connection), rule());
}

const ConnectionRule& Exchange::rule() const {
  static const ConnectionRule by_default;
  return upstream_->policy ? upstream_->policy->connections : by_default;
}

// For one attempt that takes all of its time, there is time for another.
base::Duration Exchange::connecting() const {
  return std::max(work_.timeouts.connecting, 2 * rule().connect);
}

Task<Then> Exchange::fail(Failure failure) {
  if (failure.status == 0) {
    client_is_gone();
    co_return Then::close;
  }
  (work_.counters.*failure.counter).add();
  note_.failed(failure);
  Buffer reply(work_.buffers);
  render_failure(failure, reply_form(), reply.bytes());
  const auto then = co_await send(reply);
  co_return then;
}

Task<Then> Exchange::answer(const Reply& routed) {
  work_.counters.unrouted.add();
  note_.status(routed.status);
  Buffer reply(work_.buffers);
  render_routed(routed, reply_form(), response_edits(), reply.bytes());
  const auto then = co_await send(reply);
  co_return then;
}

Task<Then> Exchange::send(Buffer& reply) {
  const auto sent = co_await send_rest(session_.client(), reply, work_.timeouts.body_idle);
  note_.sent(sent.bytes);
  if (!sent) co_return Then::cut;
  if (!request_.whole()) co_return Then::linger;
  co_return reply_connection() == http::Connection::close ? Then::close : Then::next_request;
}

http::Edits Exchange::response_edits() {
  const auto edits = treatment_ ? treatment_->response.edits() : http::Edits();
  if (cookie_.text.empty()) return edits;
  cookie_.others = edits;
  return {{}, {&cookie_.field, 1}, &cookie_.others};
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
