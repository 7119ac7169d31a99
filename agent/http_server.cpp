#include "agent/http_server.hpp"

#include "forwarder/http/body.hpp"
#include "forwarder/http/parser.hpp"
#include "forwarder/http/render.hpp"

namespace agent {

namespace http = forwarder::http;
using base::net::IoStatus;
using base::net::Task;

namespace {

constexpr std::size_t kScratch = 16 * 1024;
constexpr std::size_t kMaxLingerBytes = 256 * 1024;
constexpr base::Duration kAcceptPause = std::chrono::milliseconds(100);  // out of descriptors

void render(const HttpReply& reply, http::ReplyBody body, http::Connection after,
            std::string& out) {
  std::vector<http::Header> headers;
  if (!reply.content_type.empty()) headers.push_back({"Content-Type", reply.content_type});
  for (const auto& [name, value] : reply.headers) headers.push_back({name, value});
  http::render_reply({reply.status, headers, reply.body}, body, after, out);
}

}  // namespace

struct HttpServer::Connection {
  Connection(base::net::EventLoop& loop, base::net::Fd fd, const base::SocketAddress& address)
      : stream(loop, std::move(fd), base::net::Stream::State::connected), peer(address) {}

  base::net::Stream stream;
  const base::SocketAddress peer;
  http::RequestParser parser;
  http::RequestHead head;  // spans into `in`, which stays as it is until the reply is written
  std::string in;
  std::string rest;  // what came behind the head
  std::string body;
  std::string out;
};

// How far reading a request came.
struct HttpServer::Reading {
  enum class Outcome { whole, refused, closed };
  Outcome outcome = Outcome::whole;
  std::uint16_t status = 0;
  std::string_view reason;

  static Reading refuse(std::uint16_t status, std::string_view reason) {
    return {Outcome::refused, status, reason};
  }
  static Reading close() { return {Outcome::closed, 0, {}}; }
};

base::Result<std::unique_ptr<HttpServer>> HttpServer::open(
    base::net::EventLoop& loop, const std::vector<base::SocketAddress>& addresses, Respond respond,
    const Limits& limits, base::net::BindOptions bind) {
  std::vector<std::unique_ptr<Listener>> listeners;
  for (const auto& address : addresses) {
    auto listener = Listener::open(loop, address, bind);
    if (!listener) return listener.error();
    listeners.push_back(std::move(*listener));
  }
  return std::unique_ptr<HttpServer>(
      new HttpServer(loop, std::move(listeners), std::move(respond), limits));
}

HttpServer::HttpServer(base::net::EventLoop& loop, std::vector<std::unique_ptr<Listener>> listeners,
                       Respond respond, const Limits& limits)
    : loop_(loop),
      respond_(std::move(respond)),
      limits_(limits),
      scratch_(kScratch),
      listeners_(std::move(listeners)),
      connections_(loop),
      acceptors_(loop) {
  for (const auto& listener : listeners_) acceptors_.spawn(accept_from(*listener));
}

std::vector<base::SocketAddress> HttpServer::addresses() const {
  std::vector<base::SocketAddress> addresses;
  for (const auto& listener : listeners_) addresses.push_back(listener->address());
  return addresses;
}

Task<void> HttpServer::accept_from(Listener& listener) {
  for (;;) {
    auto accepted = co_await listener.accept(base::net::kNoDeadline);
    if (!accepted) {
      co_await base::net::sleep_until(loop_, in(kAcceptPause));
    } else if (connections_.size() < limits_.connections || make_room()) {
      connections_.spawn(serve(std::move(accepted->fd), accepted->peer));
    } else {
      ++counts_.turned_away;
      co_await base::net::next_turn(loop_);
    }
  }
}

// Ends the connection that has been idle longest: who keeps connections must not shut out probes.
bool HttpServer::make_room() {
  if (idle_.empty()) return false;
  idle_.front()->stream.shutdown_both();
  idle_.pop_front();
  return true;
}

Task<void> HttpServer::serve(base::net::Fd fd, base::SocketAddress peer) {
  Connection connection(loop_, std::move(fd), peer);
  for (bool goes_on = true; goes_on;) {
    auto reading = co_await read_head(connection);
    if (reading.outcome == Reading::Outcome::whole) {
      reading = co_await read_body(connection);
    }
    if (reading.outcome == Reading::Outcome::closed) co_return;
    const bool whole = reading.outcome == Reading::Outcome::whole;
    ++(whole ? counts_.requests : counts_.refused);
    goes_on = whole && connection.head.keep_alive && connection.head.minor_version > 0;

    const HttpReply reply = reply_to(connection, reading);
    if (reply.after > base::Duration::zero()) {
      co_await base::net::sleep_until(loop_, in(reply.after));
    }
    const bool head_only = whole && connection.head.method == "HEAD";
    render(reply, head_only ? http::ReplyBody::omitted : http::ReplyBody::sent,
           goes_on ? http::Connection::keep_alive : http::Connection::close, connection.out);
    const auto sent = co_await connection.stream.write(connection.out, in(limits_.reply));
    if (!sent) co_return;
    connection.in = std::move(connection.rest);
    connection.rest = connection.body = connection.out = std::string();
  }
  co_await linger(connection);
}

Task<HttpServer::Reading> HttpServer::read_head(Connection& connection) {
  auto deadline = in(connection.in.empty() ? limits_.idle : limits_.request);
  for (;;) {
    const auto parsed = connection.parser.parse(connection.in, connection.head);
    if (parsed.rejected()) {
      co_return Reading::refuse(parsed.reject.status, parsed.reject.reason);
    }
    if (parsed.complete()) {
      connection.rest.assign(connection.in, parsed.consumed);
      connection.in.resize(parsed.consumed);
      co_return Reading{};
    }
    const bool idle = connection.in.empty();
    if (idle) idle_.push_back(&connection);
    const auto got = co_await connection.stream.read(scratch_, deadline);
    if (idle) idle_.remove(&connection);
    if (got.status == IoStatus::timeout && !idle) {
      co_return Reading::refuse(408, "the request took too long");
    }
    if (!got) co_return Reading::close();
    if (idle) deadline = in(limits_.request);
    connection.in.append(scratch_.data(), got.bytes);
  }
}

Task<HttpServer::Reading> HttpServer::read_body(Connection& connection) {
  const auto too_large = Reading::refuse(413, "the body is too large");
  const auto deadline = in(limits_.request);
  const http::RequestHead& head = connection.head;
  if (head.content_length > limits_.body) co_return too_large;
  if (head.expects_continue && connection.rest.empty()) {
    const auto sent = co_await connection.stream.write(http::kContinue, deadline);
    if (!sent) co_return Reading::close();
  }
  http::BodyReader reader(head.framing, head.content_length);
  while (!reader.done()) {
    if (connection.rest.empty()) {
      const auto got = co_await connection.stream.read(scratch_, deadline);
      if (got.status == IoStatus::timeout) {
        co_return Reading::refuse(408, "the body took too long");
      }
      if (!got) co_return Reading::close();
      connection.rest.assign(scratch_.data(), got.bytes);
    }
    std::size_t used = 0;
    while (used < connection.rest.size() && !reader.done()) {
      const auto piece = reader.read(std::string_view(connection.rest).substr(used));
      if (piece.state == http::Piece::State::malformed)
        co_return Reading::refuse(400, piece.reason);
      if (connection.body.size() + piece.payload.size() > limits_.body) co_return too_large;
      connection.body += piece.payload;
      used += piece.consumed;
    }
    connection.rest.erase(0, used);
  }
  co_return Reading{};
}

HttpReply HttpServer::reply_to(const Connection& connection, const Reading& reading) {
  if (reading.outcome == Reading::Outcome::refused) return refusal(reading.status, reading.reason);
  const http::RequestHead& head = connection.head;
  try {
    return respond_({head.method, head.path, head.query, head.authority, head.headers,
                     connection.body, connection.peer});
  } catch (const std::exception&) {  // a library's: it ends this request and nothing else
    return refusal(500, "this request cannot be answered");
  }
}

// Closing while the peer still sends would reset the connection and take the reply with it (RFC
// 9112 §9.6).
Task<void> HttpServer::linger(Connection& connection) {
  connection.stream.shutdown_write();
  const auto deadline = in(limits_.linger);
  for (std::size_t drained = 0; drained < kMaxLingerBytes;) {
    const auto got = co_await connection.stream.read(scratch_, deadline);
    if (!got) co_return;
    drained += got.bytes;
  }
}

}  // namespace agent
