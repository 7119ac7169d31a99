#include "forwarder/net/session.hpp"

#include "forwarder/net/exchange.hpp"
#include "forwarder/net/local_reply.hpp"
#include "forwarder/net/request_note.hpp"

namespace forwarder::net {

Session::Session(Workspace& work, std::shared_ptr<Gate> gate, base::net::Accepted accepted)
    : work_(work),
      gate_(std::move(gate)),
      client_(work.loop, std::move(accepted.fd), base::net::Stream::State::connected),
      peer_(accepted.peer),
      peer_text_(peer_.ip.to_string()),
      parser_(work.limits.head),
      pending_(work.buffers) {
  work_.counters.connections.add();
  work_.counters.connections_open.add();
}

Session::~Session() { work_.counters.connections_open.sub(); }

void Session::end_waiting() { client_.shutdown_read(); }

base::net::Task<void> Session::run() {
  auto then = Then::next_request;
  while (then == Then::next_request) {
    const bool in_head = head_deadline_ != base::net::kNoDeadline;
    std::string_view input = pending_.view();
    if (input.empty() || starved_) {
      if (!in_head) gate_->list_waiting(*this);
      const auto deadline = in_head ? head_deadline_ : work_.in(work_.timeouts.idle);
      const auto got = co_await client_.read(work_.scratch, deadline);
      unlink();
      if (!got) {
        const bool slow = in_head && got.status == base::net::IoStatus::timeout;
        if (!slow) break;
        work_.counters.client_timeouts.add();
        then = co_await refuse({kClientTimeout.status, kClientTimeout.reason});
        break;
      }
      work_.counters.bytes_from_clients.add(got.bytes);
      input = {work_.scratch.data(), got.bytes};
      if (starved_) input = pending_.bytes().append(input);
    }
    then = co_await take_head(input);
  }
  if (then == Then::cut) client_.abort_on_close();
  const bool unread = !pending_.empty() || (then == Then::close && client_.unread() > 0);
  if (then == Then::close && unread) then = Then::linger;
  if (then == Then::linger) co_await linger();
}

base::net::Task<Then> Session::take_head(std::string_view input) {
  const auto parsed = parser_.parse(input, work_.request_head);
  starved_ = parsed.verdict == http::Parsed::Verdict::need_more;
  if (starved_) {
    if (pending_.empty()) pending_.bytes().assign(input);
    const bool begun = input != "\r" && input != "\r\n";
    if (begun && head_deadline_ == base::net::kNoDeadline)
      head_deadline_ = work_.in(work_.timeouts.header);
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
