#include "forwarder/net/session.hpp"

#include "forwarder/net/exchange.hpp"
#include "forwarder/net/local_reply.hpp"
#include "forwarder/net/request_note.hpp"

namespace forwarder::net {

Session::Session(Workspace& work, Gate& gate, base::net::Accepted& accepted)
    : work_(work),
      gate_(gate),
      client_(work.loop, std::move(accepted.fd), base::net::Stream::State::connected),
      peer_(accepted.peer),
      parser_(work.limits.head),
      pending_(work.buffers) {
  work_.counters.connections.add();
  work_.counters.connections_open.add();
}

Session::~Session() { work_.counters.connections_open.sub(); }

void Session::end_waiting() { client_.shutdown_read(); }

base::net::Task<void> Session::serve(Workspace& work, base::net::Accepted accepted,
                                     std::shared_ptr<Gate> gate) {
  Session session(work, *gate, accepted);
  auto then = Then::next_request;
  while (then == Then::next_request) {
    std::string_view input = session.pending_.view();
    if (input.empty() || session.starved_) {
      const auto got = co_await session.client_.read(work.scratch, session.begin_waiting());
      session.unlink();
      if (!got) {
        if (!session.is_slow(got)) break;
        work.counters.client_timeouts.add();
        then = co_await session.refuse({kClientTimeout.status, kClientTimeout.reason});
        break;
      }
      work.counters.bytes_from_clients.add(got.bytes);
      input = {work.scratch.data(), got.bytes};
      if (session.starved_) input = session.pending_.bytes().append(input);
    }
    then = co_await session.take_head(input);
  }
  if (then == Then::cut) session.client_.abort_on_close();
  if (session.has_to_linger(then)) co_await session.linger();
}

base::TimePoint Session::begin_waiting() {
  if (in_head()) return head_deadline_;
  gate_.list_waiting(*this);
  return work_.in(work_.timeouts.idle);
}

bool Session::is_slow(const base::net::IoResult& got) const {
  return in_head() && got.status == base::net::IoStatus::timeout;
}

bool Session::has_to_linger(Then then) const {
  if (then != Then::close) return then == Then::linger;
  return !pending_.empty() || client_.unread() > 0;
}

base::net::Task<Then> Session::take_head(std::string_view input) {
  const auto parsed = parser_.parse(input, work_.request_head);
  starved_ = parsed.verdict == http::Parsed::Verdict::need_more;
  if (starved_) {
    if (pending_.empty()) pending_.bytes().assign(input);
    const bool begun = input != "\r" && input != "\r\n";
    if (begun && !in_head()) head_deadline_ = work_.in(work_.timeouts.header);
    co_return Then::next_request;
  }
  head_deadline_ = base::net::kNoDeadline;
  if (parsed.rejected()) {
    work_.counters.bad_requests.add();
    const auto then = co_await refuse(parsed.reject);
    co_return then;
  }
  served_ = true;
  Exchange exchange(*this);
  exchange.begin(work_.request_head, input.substr(parsed.consumed));
  const auto then = co_await exchange.run();
  co_return then;
}

base::net::Task<Then> Session::refuse(http::Reject reject) {
  RequestNote note(work_, peer_);
  const bool is_malformed = reject.status == 400 || reject.status == 431;
  const Failure failure{reject.status, reject.reason, is_malformed ? "DPE" : ""};
  note.failed(failure);
  Buffer answer(work_.buffers);
  render_failure(failure, {http::ReplyBody::sent, http::Connection::close, work_.date()},
                 answer.bytes());
  const auto sent = co_await client_.write(answer.view(), work_.in(work_.timeouts.body_idle));
  note.sent(sent.bytes);
  note.push(0, {});
  co_return Then::linger;
}

// Closing with bytes unread would reset the connection and might destroy the answer on its way (RFC
// 9112 §9.6).
base::net::Task<void> Session::linger() {
  client_.shutdown_write();
  const auto deadline = work_.in(work_.timeouts.linger);
  std::size_t discarded = 0;
  while (discarded < work_.limits.linger_bytes) {
    const auto got = co_await client_.read(work_.scratch, deadline);
    if (!got) break;
    discarded += got.bytes;
  }
}

}  // namespace forwarder::net
