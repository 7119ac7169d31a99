#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>

using namespace std::chrono_literals;

namespace {

const std::string kAsk = "GET /a?b=c HTTP/1.1\r\nHost: svc.test\r\n\r\n";

}  // namespace

TEST_CASE("requests on one client connection use one upstream connection", "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  Client client(story);
  for (int i = 0; i < 5; ++i) {
    const auto response = client.ask(kAsk);
    REQUIRE(response.status == 200);
    REQUIRE(response.body == "hello");
    REQUIRE(response.complete);
  }
  REQUIRE(story.upstream.connections == 1);
  REQUIRE(story.upstream.requests.size() == 5);
  REQUIRE(story.upstream.requests[0] ==
          "GET /a?b=c HTTP/1.1\r\nHost: svc.test\r\nX-Forwarded-For: 127.0.0.1\r\n"
          "X-Forwarded-Proto: http\r\nVia: 1.1 nearmost\r\n\r\n");
  REQUIRE(story.totals().requests == 5);
  REQUIRE(story.totals().reused == 4);
  REQUIRE(story.totals().bytes_from_clients == 5 * kAsk.size());
  story.turn_until([&] { return story.totals().bytes_to_clients == 5 * ok("hello").size(); });
}

TEST_CASE("an unknown host is 404, answered here, and the connection stays", "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  Client client(story);
  REQUIRE(client.ask("GET / HTTP/1.1\r\nHost: other.test\r\n\r\n").status == 404);
  REQUIRE(client.ask(kAsk).status == 200);
  REQUIRE(story.upstream.requests.size() == 1);
  REQUIRE(story.totals().unrouted == 1);
}

TEST_CASE("before the first table every request is 503", "[forwarder_net]") {
  ProxyStory story;
  auto table = std::make_unique<forwarder::Table>();
  table->listeners = story.listeners;
  auto& server = story.server(answer_with("hello"));
  story.publish({{&server}});
  story.start();
  Client client(story);
  story.tables.publish(nullptr);
  const auto response = client.ask(kAsk);
  REQUIRE(response.status == 503);
  REQUIRE(response.has("X-Nearmost-Reason: not ready\r\n"));
}

TEST_CASE("pipelined requests are answered in order, whoever answers them", "[forwarder_net]") {
  OneServer story(
      [](const std::string& request, std::size_t) { return Answer{ok(request.substr(4, 2))}; });
  Client client(story);
  client.send(
      "GET /1 HTTP/1.1\r\nHost: svc.test\r\n\r\n"
      "GET /2 HTTP/1.1\r\nHost: nobody.test\r\n\r\n"
      "PUT /3 HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 3\r\n\r\nabc"
      "GET /4 HTTP/1.1\r\nHost: svc.test\r\n\r\nGET /5 HT");
  REQUIRE(client.receive().body == "/1");
  REQUIRE(client.receive().status == 404);
  REQUIRE(client.receive().body == "/3");
  REQUIRE(client.receive().body == "/4");
  client.send("TP/1.1\r\nHost: svc.test\r\n\r\n");
  REQUIRE(client.receive().body == "/5");
}

TEST_CASE("a head may come byte by byte", "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  Client client(story);
  for (int round = 0; round < 2; ++round) {
    for (const char c : kAsk) client.send(std::string(1, c));
    REQUIRE(client.receive().body == "hello");
  }
  REQUIRE(story.upstream.requests.size() == 2);
}

TEST_CASE("fields of one hop end here, both ways; X-Forwarded-For grows", "[forwarder_net]") {
  OneServer story([](const std::string&, std::size_t) {
    return Answer{
        ok("x", "Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nX-End: 2\r\n")};
  });
  Client client(story);
  const auto response = client.ask(
      "GET / HTTP/1.1\r\nHost: svc.test\r\nConnection: x-mine\r\nX-Mine: 1\r\n"
      "X-Forwarded-For: 10.0.0.1\r\nTE: gzip\r\nX-Else: 3\r\nx-forwarded-for: "
      "10.0.0.2\r\n\r\n");
  REQUIRE(story.upstream.requests[0] ==
          "GET / HTTP/1.1\r\nHost: svc.test\r\nX-Else: 3\r\n"
          "X-Forwarded-For: 10.0.0.1, 10.0.0.2, 127.0.0.1\r\n"
          "X-Forwarded-Proto: http\r\nVia: 1.1 nearmost\r\n\r\n");
  REQUIRE(response.head == "HTTP/1.1 200 OK\r\n" + kDate + "X-End: 2\r\nContent-Length: 1\r\n\r\n");
}

TEST_CASE("what is meant for the ends passes untouched, both ways", "[forwarder_net]") {
  const std::string up =
      "Authorization: Basic dXNlcjpwdw==\r\nProxy-Authorization: Basic eDp5\r\n"
      "Cache-Control: no-transform\r\nAccept-Encoding: gzip\r\nX-Request-Id: 7\r\n"
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"
      "tracestate: a=b\r\nX-Unknown: \r\n";
  const std::string down =
      "WWW-Authenticate: Basic realm=\"a\"\r\nProxy-Authenticate: Basic realm=\"b\"\r\n"
      "Location: /elsewhere#here\r\nCache-Control: no-transform\r\nContent-Encoding: gzip\r\n"
      "Via: 1.1 inner\r\nX-Unknown: \r\n";
  const int status = GENERATE(200, 302, 401, 407, 503);
  const auto line = "HTTP/1.1 " + std::to_string(status) + " As It Says\r\n" + kDate + down;
  OneServer story([&](const std::string&, std::size_t) {
    return Answer{line + "Content-Length: 3\r\n\r\n\x1f\x8b!"};
  });
  Client client(story);
  const auto response =
      client.ask("GET /a%2Fb?c=%20d HTTP/1.1\r\nHost: svc.test\r\n" + up + "\r\n");
  REQUIRE(story.upstream.requests[0].starts_with(
      "GET /a%2Fb?c=%20d HTTP/1.1\r\nHost: svc.test\r\n" + up + "X-Forwarded-For: "));
  REQUIRE(response.head == line + "Content-Length: 3\r\n\r\n");
  REQUIRE(response.body == "\x1f\x8b!");
}

TEST_CASE("our version goes upstream, whatever the client's", "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  Client client(story);
  REQUIRE(client.ask("GET / HTTP/1.0\r\nHost: svc.test\r\n\r\n").body == "hello");
  REQUIRE(story.upstream.requests[0].starts_with("GET / HTTP/1.1\r\n"));
}

TEST_CASE("a client that has ended its side behind its request gets its answer",
          "[forwarder_net]") {
  OneServer story([](const std::string&, std::size_t) {
    return Answer{ok("hello"), Answer::After::keep, 20ms};
  });
  Client client(story);
  client.send(kAsk + kAsk);
  client.stream().shutdown_write();
  REQUIRE(client.receive().body == "hello");
  REQUIRE(client.receive().body == "hello");
  REQUIRE(client.at_end());
  REQUIRE(story.totals().client_gone == 0);
}

TEST_CASE("Connection: close is honoured, whichever side says it", "[forwarder_net]") {
  SECTION("the client") {
    OneServer story(answer_with("hello"));
    Client client(story);
    const auto response =
        client.ask("GET / HTTP/1.1\r\nHost: svc.test\r\nConnection: close\r\n\r\n");
    REQUIRE(response.body == "hello");
    REQUIRE(response.has("Connection: close\r\n"));
    REQUIRE(client.at_end());
  }
  SECTION("the upstream: the client's connection stays, the upstream's is not used again") {
    OneServer story([](const std::string&, std::size_t) {
      return Answer{ok("hello", "Connection: close\r\n"), Answer::After::close};
    });
    Client client(story);
    REQUIRE(client.ask(kAsk).body == "hello");
    REQUIRE(client.ask(kAsk).body == "hello");
    REQUIRE(story.upstream.connections == 2);
  }
}

TEST_CASE("what a client sends behind its last request does not reset its answer",
          "[forwarder_net]") {
  using namespace base::net;
  OneServer story([](const std::string&, std::size_t) {
    return Answer{ok("hello"), Answer::After::keep, 50ms};
  });
  struct Story {
    static Task<void> end(Stream& stream, IoResult& end) {
      std::array<char, 64> buffer;
      const auto got = co_await stream.read(buffer, stream.loop().now() + 20s);
      end = got;
    }
  };
  Client client(story);
  client.send("GET / HTTP/1.1\r\nHost: svc.test\r\nConnection: close\r\n\r\n");
  story.turn_until([&] { return story.upstream.requests.size() == 1; });
  client.send(kAsk);
  REQUIRE(client.receive().body == "hello");
  IoResult end;
  story.run(Story::end(client.stream(), end));
  REQUIRE(end.status == IoStatus::end);
}

TEST_CASE("an HTTP/1.0 client gets what it understands", "[forwarder_net]") {
  OneServer story([](const std::string& request, std::size_t) {
    if (request.starts_with("GET /chunked"))
      return Answer{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"};
    return Answer{"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok("hello")};
  });
  SECTION("chunks become a body that ends with the connection") {
    Client client(story);
    const auto response = client.ask("GET /chunked HTTP/1.0\r\nHost: svc.test\r\n\r\n");
    REQUIRE_FALSE(response.has("Transfer-Encoding"));
    REQUIRE(response.body == "hello");
    REQUIRE(response.complete);
  }
  SECTION("no 1xx; the connection stays where it asked so") {
    Client client(story);
    const std::string ask = "GET / HTTP/1.0\r\nHost: svc.test\r\nConnection: keep-alive\r\n\r\n";
    const auto response = client.ask(ask);
    REQUIRE(response.interim.empty());
    REQUIRE(response.has("Connection: keep-alive\r\n"));
    REQUIRE(client.ask(ask).body == "hello");
  }
  SECTION("our own answers end with the connection, for nothing says that it stays") {
    Client client(story);
    const auto response =
        client.ask("GET / HTTP/1.0\r\nHost: no.test\r\nConnection: keep-alive\r\n\r\n");
    REQUIRE(response.status == 404);
    REQUIRE(response.has("Connection: close\r\n"));
    REQUIRE(client.at_end());
  }
}

TEST_CASE("answers without a body have none, whatever they declare", "[forwarder_net]") {
  OneServer story([](const std::string& request, std::size_t) {
    if (request.starts_with("HEAD")) return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n"};
    if (request.starts_with("GET /304"))
      return Answer{"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"};
    return Answer{"HTTP/1.1 204 No Content\r\n\r\n"};
  });
  Client client(story);
  const auto head = client.ask("HEAD / HTTP/1.1\r\nHost: svc.test\r\n\r\n", "HEAD");
  REQUIRE(head.has("Content-Length: 42\r\n"));
  REQUIRE(head.complete);
  REQUIRE(client.ask("GET /304 HTTP/1.1\r\nHost: svc.test\r\n\r\n").status == 304);
  REQUIRE(client.ask("GET /204 HTTP/1.1\r\nHost: svc.test\r\n\r\n").status == 204);
  REQUIRE(client.ask("HEAD / HTTP/1.1\r\nHost: no.test\r\n\r\n", "HEAD").status == 404);
  REQUIRE(client.ask("GET /204 HTTP/1.1\r\nHost: svc.test\r\n\r\n").status == 204);
  REQUIRE(story.upstream.connections == 1);
}

TEST_CASE("interim answers are passed on as they come", "[forwarder_net]") {
  OneServer story([](const std::string&, std::size_t) {
    return Answer{
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        "HTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n" +
        ok("hello")};
  });
  Client client(story);
  const auto response = client.ask(kAsk);
  REQUIRE(response.interim ==
          "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
          "HTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n");
  REQUIRE(response.body == "hello");
}

TEST_CASE("bytes that nobody asked for are never the answer to the next request",
          "[forwarder_net]") {
  OneServer story([](const std::string&, std::size_t nth) {
    return Answer{ok("right") + (nth == 0 ? ok("smuggled") : "")};
  });
  Client client(story);
  REQUIRE(client.ask(kAsk).body == "right");
  REQUIRE(client.ask(kAsk).body == "right");
  REQUIRE(story.upstream.connections == 2);
}

TEST_CASE("many clients at once, several workers", "[forwarder_net]") {
  forwarder::net::Config config;
  config.workers = 3;
  OneServer story(answer_with("hello"), std::move(config));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(std::make_unique<Client>(story));
  for (int round = 0; round < 3; ++round) {
    for (auto& client : clients) client->send(kAsk);
    for (auto& client : clients) REQUIRE(client->receive().body == "hello");
  }
  REQUIRE(story.totals().requests == 120);
  REQUIRE(story.totals().connections_open == 40);
}

TEST_CASE("OPTIONS * is about this server", "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  Client client(story);
  REQUIRE(client.ask("OPTIONS * HTTP/1.1\r\nHost: svc.test\r\n\r\n").status == 200);
  REQUIRE(story.upstream.requests.empty());
}

TEST_CASE("every answer has a Date: the upstream's own, or when we had it", "[forwarder_net]") {
  OneServer story([](const std::string& request, std::size_t) {
    if (request.starts_with("GET /dated")) return Answer{ok("hello")};
    return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  });
  Client client(story);
  const auto dates = [&](const std::string& target, const std::string& host) {
    const auto head = client.ask("GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").head;
    std::size_t count = 0;
    for (auto at = head.find("\r\nDate: "); at != head.npos; at = head.find("\r\nDate: ", at + 1))
      if (head.substr(at + 33, 6) == " GMT\r\n") ++count;
    return count;
  };
  REQUIRE(dates("/", "svc.test") == 1);
  REQUIRE(dates("/dated", "svc.test") == 1);
  REQUIRE(dates("/", "other.test") == 1);
  REQUIRE(dates("/#", "svc.test") == 1);
}

TEST_CASE("what may go no further is answered here", "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  Client client(story);
  const auto ask = [&](const std::string& method, const std::string& hops) {
    return client.ask(method + " / HTTP/1.1\r\nHost: svc.test\r\nMax-Forwards: " + hops +
                      "\r\n\r\n");
  };
  REQUIRE(ask("OPTIONS", "0").body.empty());
  REQUIRE(ask("TRACE", "0").status == 501);
  REQUIRE(story.upstream.requests.empty());
  REQUIRE(ask("OPTIONS", "1").body == "hello");
  REQUIRE(ask("TRACE", "1").body == "hello");
  REQUIRE(ask("GET", "0").body == "hello");
  REQUIRE(story.upstream.requests[0].find("\r\nMax-Forwards: 0\r\n") != std::string::npos);
  REQUIRE(story.upstream.requests.size() == 3);
}

TEST_CASE("a rewritten target goes upstream as it was decided, with its query", "[forwarder_net]") {
  ProxyStory story;
  auto& server = story.server(answer_with("hello"));
  story.path_rewrite = "/new?v=2&p=";
  story.publish({{&server}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kAsk).status == 200);
  REQUIRE(server.requests[0].starts_with("GET /new?v=2&p=a&b=c HTTP/1.1\r\n"));
}

TEST_CASE("what a full pool does not keep is reset, so that no port of ours waits",
          "[forwarder_net]") {
  using namespace base::net;
  forwarder::net::Config config;
  config.limits.idle_per_endpoint = 0;
  OneServer story(answer_with(""), config);
  auto listener = std::move(*Listener::open(*story.loop, {base::IpAddress::v4(0x7f000001), 0}));
  story.upstream.die();
  story.upstream.address = listener->address();
  story.publish({{&story.upstream}});
  struct Story {
    static Task<void> serve(ProxyStory& story, Listener& listener, IoResult& end) {
      auto accepted = co_await listener.accept(kNoDeadline);
      Stream stream(*story.loop, std::move(accepted->fd), Stream::State::connected);
      std::array<char, 4096> buffer;
      co_await stream.read(buffer, story.loop->now() + 20s);
      const auto answer = ok("hello");
      co_await stream.write(answer, story.loop->now() + 20s);
      const auto got = co_await stream.read(buffer, story.loop->now() + 20s);
      end = got;
    }
  };
  IoResult end;
  Scope scope(*story.loop);
  scope.spawn(Story::serve(story, *listener, end));
  Client client(story);
  const auto response = client.ask("POST / HTTP/1.1\r\nHost: svc.test\r\n\r\n");
  REQUIRE(response.body == "hello");
  story.turn_until([&] { return scope.size() == 0; });
  REQUIRE(end.status == IoStatus::failed);
  REQUIRE(end.error_number == ECONNRESET);
}
