#include "forwarder/net/attempt.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "forwarder/http/field.hpp"
#include "forwarder/net/tunnel.hpp"

namespace forwarder::net {

using base::net::IoStatus;
using base::net::Task;

namespace {

// What looked like the upstream's doing is the client's: stop_upload() ended the connection.
Outcome of_a_failed_request(Outcome outcome) {
  switch (outcome) {
    case Outcome::answered:
      return outcome;
    case Outcome::cut:
    case Outcome::fell_silent:
    case Outcome::client_gone:
      return Outcome::client_gone;
    default:
      return Outcome::client_failed;  // no answer has begun: it can be told
  }
}

}  // namespace

Attempt::Attempt(Session& session, OutgoingRequest& request, RequestNote& note,
                 Connection& connection, Endpoints::Lease& lease, Retrying& retrying,
                 const http::Edits& edits)
    : session_(session),
      work_(session.work()),
      request_(request),
      note_(note),
      connection_(connection),
      lease_(lease),
      retrying_(retrying),
      edits_(edits),
      client_(session.client()),
      upstream_(connection.stream),
      received_(work_.buffers) {}

Task<Outcome> Attempt::run() {
  const auto until = std::min(work_.in(work_.timeouts.body_idle), retrying_.over_at());
  const auto sent = co_await upstream_.write(request_.bytes(), until);
  if (sent.status == IoStatus::timeout) co_return Outcome::timed_out;
  if (!sent && sent.bytes == 0) co_return Outcome::unsent;
  sent_ = sent.bytes;
  sent_at_ = work_.loop.now();
  std::optional<base::net::Scope> uploading;
  // A connection that broke while we wrote may still hold an answer, a refusal of the body for one.
  if (sent && !request_.whole()) {
    upload_ = Upload::under_way;
    uploading.emplace(work_.loop);
    uploading->spawn(upload());
  }
  const auto outcome = co_await await_answer();
  co_return upload_ == Upload::client_failed ? of_a_failed_request(outcome) : outcome;
}

base::TimePoint Attempt::answer_deadline() const {
  // While the request is on its way, its own deadlines hold.
  const auto from = upload_ == Upload::under_way ? work_.loop.now() : sent_at_;
  return std::min(from + work_.timeouts.response_head, retrying_.try_over_at(from));
}

// Some upstreams end an idle connection with a 408 (HAProxy, Apache), which is no answer to the
// request that crossed it.
bool Attempt::is_late_goodbye() const {
  return connection_.reused && work_.response_head.status == 408 && !work_.response_head.keep_alive;
}

// Where the upstream has ended the connection and has not acknowledged a byte, its end is older
// than the request: it was closed already when that came, as idle connections are. RFC 9110 §9.2.2
// calls this a means to detect that a request was never applied.
Outcome Attempt::without_answer() const {
  return upstream_.in_flight() >= sent_ ? Outcome::untaken : Outcome::unanswered;
}

base::TimePoint Attempt::idle_until() const {
  return std::min(moved_at_ + work_.timeouts.stream_idle, retrying_.over_at());
}

bool Attempt::still_moves() const { return answering_ && idle_until() > work_.loop.now(); }

Task<Outcome> Attempt::await_answer() {
  bool silent = true;
  std::size_t interims = 0;
  for (;;) {
    const auto got = co_await upstream_.read(work_.scratch, answer_deadline());
    if (got.status == IoStatus::timeout) {
      const auto now = work_.loop.now();
      if (answer_deadline() > now) continue;
      co_return now < sent_at_ + work_.timeouts.response_head ? Outcome::too_slow
                                                              : Outcome::timed_out;
    }
    if (!got && !silent) co_return Outcome::failed;
    if (!got) co_return got.status == IoStatus::end ? without_answer() : Outcome::unanswered;
    silent = false;
    std::string_view input(work_.scratch.data(), got.bytes);
    if (!received_.empty()) input = received_.bytes().append(input);
    for (;;) {
      const auto parsed = connection_.parser.parse(input, request_.asked(), work_.response_head);
      if (parsed.rejected()) co_return Outcome::failed;
      if (!parsed.complete()) break;
      if (interims == 0 && is_late_goodbye()) co_return without_answer();
      input.remove_prefix(parsed.consumed);
      lease_.answers();
      status_ = work_.response_head.status;
      if (work_.response_head.status == 101) {
        const auto outcome = co_await switch_protocols(input);
        co_return outcome;
      }
      if (work_.response_head.status >= 200) {
        if (retrying_.again(TryEnd::answered, work_.response_head.status)) {
          turn_down(input);
          co_return Outcome::turned_down;
        }
        const auto outcome = co_await relay(input);
        co_return outcome;
      }
      if (++interims > work_.limits.interims) co_return Outcome::failed;
      const bool passed = co_await pass_interim(input);
      if (!passed) co_return Outcome::client_gone;
      input = received_.view();
    }
    received_.keep(input);
  }
}

// 1xx: for clients that know them (RFC 9110 §15.2). The head may lie before `rest` in received_, so
// it is rendered before anything moves there.
Task<bool> Attempt::pass_interim(std::string_view rest) {
  Buffer head(work_.buffers);
  http::render_response(work_.response_head, {}, {}, head.bytes());
  received_.keep(rest);
  if (request_.minor_version() == 0) co_return true;
  const auto sent = co_await client_.write(head.view(), work_.in(work_.timeouts.body_idle));
  co_return sent.status == IoStatus::done;
}

// From here on both sides speak what they agreed on. The client may have begun already.
Task<Outcome> Attempt::switch_protocols(std::string_view rest) {
  work_.counters.tunnels.add();
  note_.status(work_.response_head.status);
  closing_ = true;
  Buffer down(work_.buffers), up(work_.buffers);
  http::render_response(work_.response_head, {}, edits_, down.bytes());
  down.bytes().append(rest);
  up.bytes().append(session_.take_pending());
  const auto sent_down = co_await client_.write(down.view(), work_.in(work_.timeouts.body_idle));
  const auto sent_up = co_await upstream_.write(up.view(), work_.in(work_.timeouts.body_idle));
  down.release();
  up.release();
  if (!sent_down || !sent_up) co_return Outcome::client_gone;
  Tunnel tunnel(work_, client_, upstream_);
  co_await tunnel.run();
  co_return Outcome::answered;
}

std::string_view Attempt::render_head(http::Framing framing) {
  const auto& head = work_.response_head;
  closing_ = !request_.keep_alive() || session_.gate().closing() || !request_.whole() ||
             framing == http::Framing::until_close;
  poolable_ = head.keep_alive && head.framing != http::Framing::until_close;
  // RFC 9110 §6.6.1: who passes on an answer without a Date adds when it came.
  const std::array<http::Header, 1> date{{{"Date", work_.date()}}};
  http::Edits edits{.then = &edits_};
  if (http::find_header(head.headers, "date") == nullptr) edits.add = date;
  work_.rendered.clear();
  http::render_response(head,
                        {framing, request_.minor_version(), !closing_, passes_trailers(framing)},
                        edits, work_.rendered);
  return work_.rendered;
}

bool Attempt::passes_trailers(http::Framing to) const {
  return request_.takes_trailers() && to == http::Framing::chunked &&
         work_.response_head.framing == http::Framing::chunked;
}

void Attempt::count(std::uint16_t status) {
  auto& counters = work_.counters;
  auto& of_class = status < 300   ? counters.responses_2xx
                   : status < 400 ? counters.responses_3xx
                   : status < 500 ? counters.responses_4xx
                                  : counters.responses_5xx;
  of_class.add();
  note_.status(status);
}

Task<Outcome> Attempt::relay(std::string_view rest) {
  const auto framing = http::framing_towards(request_.minor_version(), work_.response_head);
  http::BodyReader body(work_.response_head.framing, work_.response_head.content_length);
  auto& reframer = work_.reframer;
  Buffer kept(work_.buffers);
  Buffer* const trailers = passes_trailers(framing) ? &kept : nullptr;
  reframer.begin(render_head(framing));
  auto reframed = reframer.add(body, rest, framing, trailers);
  if (reframed.malformed) co_return Outcome::failed;  // and not a byte of it went to the client
  count(work_.response_head.status);
  answering_ = true;
  if (reframed.consumed < rest.size()) poolable_ = false;  // nobody asked for more
  Buffer spill(work_.buffers);
  for (;;) {
    if (reframed.malformed) co_return Outcome::cut;
    auto sent = send_now(client_, reframer.pieces(), spill);
    note_.sent(sent.bytes);
    if (!spill.empty()) {
      sent = co_await send_rest(client_, spill, work_.timeouts.body_idle);
      note_.sent(sent.bytes);
    }
    if (!sent) co_return Outcome::client_gone;
    if (reframed.done) co_return Outcome::answered;
    if (retrying_.over()) co_return Outcome::fell_silent;

    moved_at_ = work_.loop.now();
    auto got = co_await upstream_.read(work_.scratch, idle_until());
    while (got.status == IoStatus::timeout && still_moves())
      got = co_await upstream_.read(work_.scratch, idle_until());
    reframer.begin();
    if (got) {
      reframed = reframer.add(body, {work_.scratch.data(), got.bytes}, framing, trailers);
      if (reframed.consumed < got.bytes) poolable_ = false;
    } else if (got.status == IoStatus::end && body.complete_at_close() &&
               upload_ != Upload::client_failed) {  // else the end is our own doing
      reframer.end(framing);
      reframed.done = true;
    } else {
      co_return got.status == IoStatus::timeout ? Outcome::fell_silent : Outcome::cut;
    }
  }
}

// What has not come of it by now is not waited for.
void Attempt::turn_down(std::string_view rest) {
  const auto& head = work_.response_head;
  http::BodyReader body(head.framing, head.content_length);
  while (!body.done()) {
    const auto piece = body.read(rest);
    rest.remove_prefix(piece.consumed);
    if (piece.consumed == 0) break;
  }
  poolable_ =
      head.keep_alive && head.framing != http::Framing::until_close && body.done() && rest.empty();
}

Task<void> Attempt::upload() {
  Buffer spill(work_.buffers);
  while (!request_.whole()) {
    auto got = co_await client_.read(work_.scratch, work_.in(work_.timeouts.body_idle));
    while (got.status == IoStatus::timeout && still_moves())
      got = co_await client_.read(work_.scratch, idle_until());
    if (!got) {
      stop_upload(got.status == IoStatus::timeout ? kClientTimeout : Failure{});
      co_return;
    }
    work_.counters.bytes_from_clients.add(got.bytes);
    const std::string_view input(work_.scratch.data(), got.bytes);
    const auto reframed = request_.continue_body(input);
    if (reframed.done) session_.keep_for_later(input.substr(reframed.consumed));
    if (reframed.malformed || request_.too_large()) {
      stop_upload(reframed.malformed ? malformed(reframed.reason) : kTooLarge);
      co_return;
    }
    auto sent = send_now(upstream_, work_.reframer.pieces(), spill);
    sent_ += sent.bytes;
    if (!spill.empty()) {
      sent = co_await send_rest(upstream_, spill, work_.timeouts.body_idle);
      sent_ += sent.bytes;
    }
    if (!sent) {
      // Whoever awaits the answer sees why, or waits no longer than for one.
      upload_ = Upload::broken_off;
      co_return;
    }
    sent_at_ = moved_at_ = work_.loop.now();
  }
  upload_ = Upload::done;
}

// The end of the upstream connection wakes the one who awaits the answer.
void Attempt::stop_upload(Failure failure) {
  upload_ = Upload::client_failed;
  client_failure_ = failure;
  upstream_.shutdown_both();
}

}  // namespace forwarder::net
