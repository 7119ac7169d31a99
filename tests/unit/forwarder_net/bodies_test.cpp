#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

#include <array>

#include "forwarder/http/body.hpp"
#include "forwarder/http/parser.hpp"

using namespace base::net;
using namespace std::chrono_literals;

namespace {

// An upstream whose words the test writes itself.
struct BareServer : ProxyStory {
  explicit BareServer(forwarder::net::Config config = {})
      : ProxyStory(std::move(config)),
        upstream(server([](const std::string&, std::size_t) { return Answer{}; })),
        listener(std::move(*Listener::open(*loop, {base::IpAddress::v4(0x7f000001), 0}))) {
    upstream.die();
    upstream.address = listener->address();
    publish({{&upstream}});
    start();
  }
  Server& upstream;
  std::unique_ptr<Listener> listener;
};

// Whatever of the request has come; then it reads on until the other side ends.
Task<void> answer_at_once(BareServer& story, const std::string& answer) {
  auto accepted = co_await story.listener->accept(kNoDeadline);
  Stream stream(*story.loop, std::move(accepted->fd), Stream::State::connected);
  std::array<char, 4096> buffer;
  co_await stream.read(buffer, story.loop->now() + 20s);
  co_await stream.write(answer, story.loop->now() + 20s);
  auto got = co_await stream.read(buffer, story.loop->now() + 20s);
  while (got) got = co_await stream.read(buffer, story.loop->now() + 20s);
}

std::string pattern(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

std::string chunked(const std::string& body, std::size_t chunk) {
  std::string text;
  for (std::size_t at = 0; at < body.size(); at += chunk) {
    const auto part = body.substr(at, chunk);
    text += std::string(forwarder::http::ChunkHeader(part.size()).text()) + part + "\r\n";
  }
  return text + "0\r\n\r\n";
}

// The payload of a whole request.
std::string body_of(const std::string& request) {
  forwarder::http::RequestHead head;
  const auto parsed = forwarder::http::RequestParser().parse(request, head);
  forwarder::http::BodyReader reader(head.framing, head.content_length);
  std::string body;
  for (std::size_t at = parsed.consumed; !reader.done();) {
    const auto piece = reader.read(std::string_view(request).substr(at));
    body += piece.payload;
    at += piece.consumed;
  }
  return body;
}

}  // namespace

TEST_CASE("bodies of any size and framing arrive as they were, both ways", "[forwarder_net]") {
  const auto size = GENERATE(0u, 1u, 5000u, 70'000u, 3'000'000u);
  const auto body = pattern(size);
  const auto response_framing = GENERATE(0, 1, 2);
  OneServer story([&](const std::string&, std::size_t) {
    if (response_framing == 0) return Answer{ok(body)};
    if (response_framing == 1)
      return Answer{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, 999)};
    return Answer{"HTTP/1.1 200 OK\r\n\r\n" + body, Answer::After::close};
  });
  Client client(story);
  const auto sized =
      client.ask("POST / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: " + std::to_string(size) +
                 "\r\n\r\n" + body);
  REQUIRE(sized.complete);
  REQUIRE(sized.body == body);
  const auto in_chunks =
      client.ask("PUT / HTTP/1.1\r\nHost: svc.test\r\nTransfer-Encoding: chunked\r\n\r\n" +
                 chunked(body, 1234));
  REQUIRE(in_chunks.complete);
  REQUIRE(in_chunks.body == body);
  REQUIRE(story.upstream.requests.size() == 2);
  for (const auto& request : story.upstream.requests) REQUIRE(body_of(request) == body);
}

TEST_CASE("a body is passed on with any method, framed as it came", "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  Client client(story);
  const std::string method = GENERATE("GET", "HEAD", "OPTIONS", "DELETE", "BREW");
  const auto head = method + " / HTTP/1.1\r\nHost: svc.test\r\n";
  client.ask(head + "Content-Length: 4\r\n\r\nbody", method);
  client.ask(head + "Transfer-Encoding: chunked\r\n\r\n" + chunked("body", 3), method);
  client.ask(head + "\r\n", method);
  REQUIRE(story.upstream.requests.size() == 3);
  REQUIRE(story.upstream.requests[0].ends_with("\r\nContent-Length: 4\r\n\r\nbody"));
  REQUIRE(story.upstream.requests[1].find("\r\nTransfer-Encoding: chunked\r\n") !=
          std::string::npos);
  REQUIRE(body_of(story.upstream.requests[1]) == "body");
  REQUIRE(story.upstream.requests[2].find("Content-Length") == std::string::npos);
  REQUIRE(story.upstream.requests[2].find("Transfer-Encoding") == std::string::npos);
}

TEST_CASE("chunk extensions and trailers end here", "[forwarder_net]") {
  OneServer story([](const std::string&, std::size_t) {
    return Answer{
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;why=not\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n"};
  });
  Client client(story);
  const auto response = client.ask(
      "PUT / HTTP/1.1\r\nHost: svc.test\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2;a=b\r\nhi\r\n0\r\nX-T: 1\r\n\r\n");
  REQUIRE(response.body == "abc");
  REQUIRE(story.upstream.requests[0].ends_with("\r\n\r\n2\r\nhi\r\n0\r\n\r\n"));
}

TEST_CASE("trailers go to a client that takes them, and to no other", "[forwarder_net]") {
  const std::string head = "HTTP/1.1 200 OK\r\n" + kDate;
  const std::string answer = head + "Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n";
  OneServer story([&](const std::string&, std::size_t) {
    return Answer{answer + "3\r\nabc\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\nX-Late:2\r\n\r\n"};
  });
  struct Row {
    std::string line, fields, head, trailers;
  };
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const auto row = GENERATE_COPY(values<Row>({
      {"HTTP/1.1", "TE: trailers\r\n", chunked + "Trailer: X-Sum\r\n",
       "X-Sum: 1\r\nX-Late: 2\r\n\r\n"},
      {"HTTP/1.1", "", chunked, "\r\n"},
      {"HTTP/1.0", "TE: trailers\r\n", "Connection: close\r\n", ""},
  }));
  Client client(story);
  const auto response =
      client.ask("GET / " + row.line + "\r\nHost: svc.test\r\n" + row.fields + "\r\n");
  REQUIRE(response.head == head + row.head + "\r\n");
  REQUIRE(response.body == "abc");
  REQUIRE(response.trailers == row.trailers);
  const bool asked = story.upstream.requests[0].find("\r\nTE: trailers\r\n") != std::string::npos;
  REQUIRE(asked == (row.trailers.size() > 2));
}

TEST_CASE("trailers that come byte by byte are the same", "[forwarder_net]") {
  using namespace forwarder;
  const std::string body = "3\r\nabc\r\n0\r\nA: 1\r\nB: 2\r\n\r\n";
  net::Buffers buffers;
  net::Buffer trailers(buffers);
  net::Reframer reframer;
  http::BodyReader reader(http::Framing::chunked, 0);
  std::string out;
  for (const char byte : body) {
    reframer.begin();
    reframer.add(reader, {&byte, 1}, http::Framing::chunked, &trailers);
    for (const auto& piece : reframer.pieces())
      out.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  REQUIRE(reader.done());
  REQUIRE(out == "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\nA: 1\r\nB: 2\r\n\r\n");
}

TEST_CASE("a client that does not read holds its upstream back, and no memory", "[forwarder_net]") {
  constexpr std::size_t kBody = 64'000'000;
  forwarder::net::Config config;
  config.timeouts.body_idle = 300ms;
  BareServer story(config);
  std::size_t written = 0;
  // Writes by itself, to count what was taken.
  struct Story {
    static Task<void> serve(ProxyStory& story, Listener& listener, std::size_t& taken) {
      auto accepted = co_await listener.accept(kNoDeadline);
      Stream stream(*story.loop, std::move(accepted->fd), Stream::State::connected);
      std::array<char, 4096> buffer;
      co_await stream.read(buffer, story.loop->now() + 20s);
      const auto answer = ok(std::string(kBody, 'x'));
      const auto sent = co_await stream.write(answer, story.loop->now() + 20s);
      taken = sent.bytes;
    }
  };
  Client client(story);
  client.send("GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n");
  story.run(Story::serve(story, *story.listener, written));
  REQUIRE(written > 0);
  REQUIRE(written < kBody / 2);  // what the sockets hold; a proxy that buffers would take it all
  const auto response = client.receive();
  REQUIRE_FALSE(response.complete);
  REQUIRE(story.totals().client_gone == 1);
}

TEST_CASE("an upstream that dies in the middle of a body is a cut at the client, never a clean end",
          "[forwarder_net]") {
  const auto after = GENERATE(Answer::After::close, Answer::After::reset);
  const std::string version = GENERATE("HTTP/1.1", "HTTP/1.0");
  const std::string head =
      GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n");
  OneServer story([&](const std::string&, std::size_t) { return Answer{head, after}; });
  Client client(story);
  const auto response = client.ask("GET / " + version + "\r\nHost: svc.test\r\n\r\n");
  REQUIRE_FALSE(response.complete);
  story.turn_until([&] { return story.totals().responses_cut == 1; });
  REQUIRE(story.upstream.requests.size() == 1);
}

TEST_CASE("Expect: 100-continue goes to the upstream and its answer back", "[forwarder_net]") {
  BareServer story;
  struct Story {
    static Task<void> serve(ProxyStory& story, Listener& listener, std::string& seen) {
      auto accepted = co_await listener.accept(kNoDeadline);
      Stream stream(*story.loop, std::move(accepted->fd), Stream::State::connected);
      std::array<char, 4096> buffer;
      const auto head = co_await stream.read(buffer, story.loop->now() + 20s);
      seen.assign(buffer.data(), head.bytes);
      co_await stream.write("HTTP/1.1 100 Continue\r\n\r\n", story.loop->now() + 20s);
      const auto body = co_await stream.read(buffer, story.loop->now() + 20s);
      seen.append("|").append(buffer.data(), body.bytes);
      const auto answer = ok("taken");
      co_await stream.write(answer, story.loop->now() + 20s);
    }
    static Task<void> ask(Stream& stream, std::string& seen) {
      std::array<char, 4096> buffer;
      auto& loop = stream.loop();
      co_await stream.write(
          "POST / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
          loop.now() + 20s);
      const auto interim = co_await stream.read(buffer, loop.now() + 20s);
      seen.assign(buffer.data(), interim.bytes);
      co_await stream.write("hello", loop.now() + 20s);
    }
  };
  std::string at_upstream, at_client;
  Client client(story);
  Scope scope(*story.loop);
  scope.spawn(Story::serve(story, *story.listener, at_upstream));
  scope.spawn(Story::ask(client.stream(), at_client));
  story.turn_until([&] { return scope.size() == 0; });
  REQUIRE(at_client == "HTTP/1.1 100 Continue\r\n\r\n");
  REQUIRE(at_upstream.find("Expect: 100-continue\r\n") != std::string::npos);
  REQUIRE(at_upstream.ends_with("|hello"));
  const auto response = client.receive();
  REQUIRE(response.body == "taken");
}

TEST_CASE("an answer that comes before the request has ended is passed on, then both close",
          "[forwarder_net]") {
  BareServer story;
  Scope scope(*story.loop);
  const std::string answer = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nno!";
  scope.spawn(answer_at_once(story, answer));
  Client client(story);
  client.send("POST / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 1000000\r\n\r\nbeginning");
  const auto response = client.receive();
  REQUIRE(response.status == 413);
  REQUIRE(response.body == "no!");
  REQUIRE(response.has("Connection: close\r\n"));
  REQUIRE(client.at_end());
}

TEST_CASE("both bodies may move at once", "[forwarder_net]") {
  BareServer story;
  // Echoes each chunk before the next one is sent.
  struct Story {
    static Task<void> echo(ProxyStory& story, Listener& listener) {
      auto accepted = co_await listener.accept(kNoDeadline);
      Stream stream(*story.loop, std::move(accepted->fd), Stream::State::connected);
      std::array<char, 4096> buffer;
      std::string text;
      while (text.find("\r\n\r\n") == std::string::npos) {
        const auto got = co_await stream.read(buffer, story.loop->now() + 20s);
        if (!got) co_return;
        text.append(buffer.data(), got.bytes);
      }
      text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
             text.substr(text.find("\r\n\r\n") + 4);
      co_await stream.write(text, story.loop->now() + 20s);
      for (;;) {
        const auto got = co_await stream.read(buffer, story.loop->now() + 20s);
        if (!got) co_return;
        const std::string_view part(buffer.data(), got.bytes);
        co_await stream.write(part, story.loop->now() + 20s);
      }
    }
    static Task<void> talk(Stream& stream, std::string& seen) {
      std::array<char, 4096> buffer;
      auto& loop = stream.loop();
      co_await stream.write(
          "POST / HTTP/1.1\r\nHost: svc.test\r\nTransfer-Encoding: chunked\r\n\r\n",
          loop.now() + 20s);
      for (const char* part : {"1\r\na\r\n", "1\r\nb\r\n", "1\r\nc\r\n"}) {
        co_await stream.write(part, loop.now() + 20s);
        const auto before = seen.size();
        while (seen.find(part, before > 10 ? before - 10 : 0) == std::string::npos) {
          const auto got = co_await stream.read(buffer, loop.now() + 20s);
          if (!got) co_return;
          seen.append(buffer.data(), got.bytes);
        }
      }
      co_await stream.write("0\r\n\r\n", loop.now() + 20s);
      while (!seen.ends_with("0\r\n\r\n")) {
        const auto got = co_await stream.read(buffer, loop.now() + 20s);
        if (!got) co_return;
        seen.append(buffer.data(), got.bytes);
      }
    }
  };
  std::string seen;
  Scope scope(*story.loop);
  scope.spawn(Story::echo(story, *story.listener));
  Client client(story);
  story.run(Story::talk(client.stream(), seen));
  REQUIRE(seen.ends_with("\r\n\r\n1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n"));
}

TEST_CASE("an answer that ends as the request fails is a cut, also where it ends by closing",
          "[forwarder_net]") {
  BareServer story;
  Scope scope(*story.loop);
  const std::string answer = "HTTP/1.1 200 OK\r\n\r\nhalf";
  scope.spawn(answer_at_once(story, answer));
  Client client(story);
  client.send("POST / HTTP/1.1\r\nHost: svc.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  story.turn_until([&] { return story.totals().responses_2xx == 1; });
  client.send("zz\r\n");
  const auto response = client.receive();
  REQUIRE(response.body == "half");
  REQUIRE_FALSE(response.complete);
}

TEST_CASE("an answer whose body is nonsense from the start is a 502, later a cut",
          "[forwarder_net]") {
  const bool later = GENERATE(false, true);
  BareServer story;
  struct Story {
    static Task<void> serve(ProxyStory& story, Listener& listener, bool later) {
      auto accepted = co_await listener.accept(kNoDeadline);
      Stream stream(*story.loop, std::move(accepted->fd), Stream::State::connected);
      std::array<char, 4096> buffer;
      co_await stream.read(buffer, story.loop->now() + 20s);
      const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
      const std::string begin = head + (later ? "2\r\nab\r\n" : "");
      if (later) {
        co_await stream.write(begin, story.loop->now() + 20s);
        while (story.totals().responses_2xx == 0)
          co_await sleep_until(*story.loop, story.loop->now() + 1ms);
      }
      const std::string rest = (later ? "" : begin) + "zz\r\n";
      co_await stream.write(rest, story.loop->now() + 20s);
      co_await stream.read(buffer, story.loop->now() + 20s);
    }
  };
  Scope scope(*story.loop);
  scope.spawn(Story::serve(story, *story.listener, later));
  Client client(story);
  const auto response = client.ask("GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n");
  REQUIRE(response.complete == !later);
  REQUIRE(response.status == (later ? 200 : 502));
  REQUIRE(story.totals().responses_2xx == (later ? 1 : 0));
}

TEST_CASE("a slow reader is not taken for one that has stopped", "[forwarder_net]") {
  constexpr std::size_t kBody = 32'000'000;  // more than the sockets hold
  const bool answered_by_a_route = GENERATE(false, true);
  forwarder::net::Config config;
  config.timeouts.body_idle = 500ms;
  OneServer story(
      [](const std::string&, std::size_t) { return Answer{ok(std::string(kBody, 'x'))}; }, config);
  struct Story {
    static Task<void> read_slowly(Stream& stream, std::size_t& taken) {
      std::array<char, 4096> buffer;
      auto& loop = stream.loop();
      const auto until = loop.now() + 1500ms;  // three times as long as nothing may move
      while (loop.now() < until) {
        const auto got = co_await stream.read(buffer, loop.now() + 20s);
        taken += got.bytes;
        co_await sleep_until(loop, loop.now() + 5ms);
      }
      auto got = co_await stream.read(buffer, loop.now() + 20s);
      while (got && taken + got.bytes < kBody) {
        taken += got.bytes;
        got = co_await stream.read(buffer, loop.now() + 20s);
      }
      taken += got.bytes;
    }
  };
  if (answered_by_a_route) {
    story.direct_response = std::string(kBody, 'x');
    story.publish({{&story.upstream}});
  }
  Client client(story);
  client.send("GET / HTTP/1.1\r\nHost: svc.test\r\n\r\n");
  std::size_t taken = 0;
  story.run(Story::read_slowly(client.stream(), taken));
  REQUIRE(taken >= kBody);
}
