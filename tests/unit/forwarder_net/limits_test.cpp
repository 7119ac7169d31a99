#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

}  // namespace

TEST_CASE("what is no request is refused with its status, and the connection closes",
          "[forwarder_net]") {
  struct Row {
    std::string sent;
    int status;
  };
  const auto row = GENERATE(values<Row>({
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 1\r\nTransfer-Encoding: "
       "chunked\r\n\r\n",
       400},
      {"GET / HTTP/1.1\nHost: svc.test\n\n", 400},
      {"GET https://svc.test/ HTTP/1.1\r\nHost: svc.test\r\n\r\n", 421},
      {"GET / HTTP/2.0\r\nHost: svc.test\r\n\r\n", 505},
      {"CONNECT svc.test:80 HTTP/1.1\r\nHost: svc.test:80\r\n\r\n", 501},
      {"GET / HTTP/1.1\r\nHost: svc.test\r\nX: " + std::string(70'000, 'x'), 431},
  }));
  OneServer story(answer_with("hello"));
  Client client(story);
  const auto response = client.ask(row.sent + kGet);
  CAPTURE(row.sent.substr(0, 40));
  REQUIRE(response.status == row.status);
  REQUIRE(response.has("Connection: close\r\n"));
  REQUIRE(response.has("X-Nearmost-Reason: "));
  REQUIRE(client.at_end());
  REQUIRE(story.upstream.requests.empty());
  REQUIRE(story.totals().bad_requests == 1);
}

TEST_CASE("a malformed body is a 400, whether it comes with the head or later", "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  const std::string head = "PUT / HTTP/1.1\r\nHost: svc.test\r\nTransfer-Encoding: chunked\r\n\r\n";
  Client client(story);
  SECTION("with the head") { client.send(head + "zz\r\nab"); }
  SECTION("later") {
    client.send(head + "2\r\nab\r\n");
    story.turn_until([&] { return story.upstream.bytes_read > 0; });
    client.send("zz\r\nab");
  }
  const auto response = client.receive();
  REQUIRE(response.status == 400);
  REQUIRE(client.at_end());
  REQUIRE(story.upstream.requests.empty());
}

TEST_CASE("a body beyond the limit is a 413, by what it says or by what comes", "[forwarder_net]") {
  forwarder::net::Config config;
  config.limits.body = 12;
  OneServer story(answer_with("hello"), config);
  const std::string head = "POST / HTTP/1.1\r\nHost: svc.test\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n";
  Client client(story);
  REQUIRE(client.ask(head + "Content-Length: 12\r\n\r\n123456789012").body == "hello");
  REQUIRE(client.ask(chunked + "0\r\n\r\n").body == "hello");
  SECTION("says") { client.send(head + "Content-Length: 13\r\n\r\n"); }
  SECTION("comes with the head") { client.send(chunked + "1\r\nc\r\n0\r\n\r\n"); }
  SECTION("comes later") {
    const auto before = story.upstream.bytes_read;
    client.send(chunked);
    story.turn_until([&] { return story.upstream.bytes_read > before; });
    client.send("1\r\nc\r\n0\r\n\r\n");
  }
  REQUIRE(client.receive().status == 413);
  REQUIRE(story.upstream.requests.size() == 2);
  REQUIRE(story.totals().bad_requests == 1);
}

TEST_CASE("a head that stops coming is a 408; an idle connection is closed without a word",
          "[forwarder_net]") {
  forwarder::net::Config config;
  config.timeouts.header = 20ms;
  config.timeouts.idle = 20ms;
  OneServer story(answer_with("hello"), config);
  SECTION("a head") {
    Client client(story);
    client.send("GET / HTTP/1.1\r\nHost: sv");
    REQUIRE(client.receive().status == 408);
    REQUIRE(client.at_end());
    REQUIRE(story.totals().client_timeouts == 1);
  }
  SECTION("idle") {
    Client client(story);
    REQUIRE(client.at_end());
    REQUIRE(story.totals().client_timeouts == 0);
  }
}

TEST_CASE("a body that stops coming is a 408", "[forwarder_net]") {
  forwarder::net::Config config;
  config.timeouts.body_idle = 30ms;
  OneServer story(answer_with("hello"), config);
  Client client(story);
  client.send("PUT / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 10\r\n\r\nhalf");
  REQUIRE(client.receive().status == 408);
  REQUIRE(client.at_end());
  REQUIRE(story.totals().client_timeouts == 1);
}

TEST_CASE("an upstream that does not answer is a 504, and the request is not sent again",
          "[forwarder_net]") {
  forwarder::net::Config config;
  config.timeouts.response_head = 30ms;
  OneServer story(
      [](const std::string&, std::size_t) {
        return Answer{"", Answer::After::stall};
      },
      config);
  Client client(story);
  const auto response = client.ask(kGet);
  REQUIRE(response.status == 504);
  REQUIRE(response.has("X-Nearmost-Reason: upstream timeout\r\n"));
  REQUIRE(story.upstream.requests.size() == 1);
  REQUIRE(story.totals().upstream_timeouts == 1);
}

TEST_CASE("an upstream that sends 1xx heads without end is a 502", "[forwarder_net]") {
  forwarder::net::Config config;
  config.limits.interims = 3;
  std::size_t count = 0;
  OneServer story(
      [&](const std::string&, std::size_t) {
        std::string hints;
        for (std::size_t i = 0; i < count; ++i) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
        return Answer{hints + ok("hello")};
      },
      config);
  Client client(story);
  count = 3;
  REQUIRE(client.ask(kGet).body == "hello");
  count = 4;
  REQUIRE(client.ask(kGet).status == 502);
  REQUIRE(story.upstream.requests.size() == 2);
  REQUIRE(story.totals().upstream_failed == 1);
}

TEST_CASE("an answer that stalls in its body is a cut", "[forwarder_net]") {
  forwarder::net::Config config;
  config.timeouts.stream_idle = 30ms;
  OneServer story(
      [](const std::string&, std::size_t) {
        return Answer{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", Answer::After::stall};
      },
      config);
  Client client(story);
  const auto response = client.ask(kGet);
  REQUIRE(response.body == "half");
  REQUIRE_FALSE(response.complete);
}

TEST_CASE("a client that goes away in the middle of its request is nobody's failure",
          "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  Client client(story);
  client.send("PUT / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 10\r\n\r\nhalf");
  story.turn_until([&] { return story.upstream.bytes_read > 0; });
  client.close();
  story.turn_until([&] { return story.totals().client_gone == 1; });
  REQUIRE(story.totals().upstream_failed == 0);
  Client other(story);
  REQUIRE(other.ask(kGet).body == "hello");
}

TEST_CASE("a connection beyond the limit takes the place of the one that has waited longest",
          "[forwarder_net]") {
  forwarder::net::Config config;
  config.limits.connections = 3;
  OneServer story(answer_with("hello"), config);
  Client first(story), second(story), silent(story);
  REQUIRE(first.ask(kGet).status == 200);
  REQUIRE(second.ask(kGet).status == 200);
  REQUIRE(first.ask(kGet).status == 200);
  story.turn_until([&] { return story.totals().connections_open == 3; });
  Client fourth(story);
  REQUIRE(fourth.ask(kGet).status == 200);
  REQUIRE(silent.at_end());  // it never asked
  Client fifth(story);
  REQUIRE(fifth.ask(kGet).status == 200);
  REQUIRE(second.at_end());
  REQUIRE(first.ask(kGet).status == 200);
  REQUIRE(story.totals().connections_displaced == 2);
  REQUIRE(story.totals().connections_refused == 0);
}

TEST_CASE("an empty line behind a body begins no request: its connection waits as others do",
          "[forwarder_net]") {
  const std::string post = "POST / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 2\r\n\r\nab\r\n";
  forwarder::net::Config config;
  config.limits.connections = 1;
  OneServer story(answer_with("hello"), config);
  Client client(story);
  REQUIRE(client.ask(post).body == "hello");
  story.turn_until([&] { return story.totals().bytes_from_clients == post.size(); });
  SECTION("and may be asked on") { REQUIRE(client.ask(kGet).body == "hello"); }
  SECTION("and makes room for another") {
    Client other(story);
    REQUIRE(other.ask(kGet).body == "hello");
    REQUIRE(client.at_end());
    REQUIRE(story.totals().client_timeouts == 0);
  }
}

TEST_CASE("a connection beyond the limit is closed where all others are busy", "[forwarder_net]") {
  forwarder::net::Config config;
  config.limits.connections = 2;
  OneServer story(
      [](const std::string&, std::size_t) {
        return Answer{"", Answer::After::stall};
      },
      config);
  Client one(story), two(story);
  one.send(kGet);
  two.send("GET / HT");
  story.turn_until([&] { return story.totals().requests_active == 1; });
  story.turn_until([&] { return story.totals().bytes_from_clients == kGet.size() + 8; });
  Client three(story);
  REQUIRE(three.at_end());
  REQUIRE(story.totals().connections_refused == 1);
  REQUIRE(story.totals().connections_displaced == 0);
}

TEST_CASE("garbage of a thousand kinds reaches no upstream and leaves the others served",
          "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  Client steady(story);
  base::Random random(20);
  const std::string request =
      "PUT /a?b HTTP/1.1\r\nHost: svc.test\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n"
      "5;e=f\r\nhello\r\n0\r\n\r\n";
  for (int round = 0; round < 1000; ++round) {
    auto text = request;
    for (auto changes = 1 + random.below(4); changes > 0; --changes) {
      const auto at = random.below(text.size());
      switch (random.below(3)) {
        case 0:
          text[at] = static_cast<char>(random.below(256));
          break;
        case 1:
          text.erase(at, 1 + random.below(8));
          break;
        default:
          text.insert(at, 1 + random.below(8), static_cast<char>(random.below(256)));
      }
      if (text.empty()) break;
    }
    Client client(story);
    client.send(text);
    client.stream().shutdown_write();
    client.receive();
    if (round % 50 == 0) REQUIRE(steady.ask(kGet).body == "hello");
  }
  REQUIRE(story.totals().bad_requests > 100);
  // What went through was framed anew: each parsed as exactly one request by the server, or came
  // whole.
  REQUIRE(story.totals().upstream_failed == 0);
}

TEST_CASE("an upstream that takes no more of a body and says nothing is a 504", "[forwarder_net]") {
  forwarder::net::Config config;
  config.timeouts.body_idle = config.timeouts.response_head = 50ms;
  OneServer story(answer_with(""), config);
  auto listener =
      std::move(*base::net::Listener::open(*story.loop, {base::IpAddress::v4(0x7f000001), 0}));
  story.upstream.die();
  story.upstream.address = listener->address();
  story.publish({{&story.upstream}});
  struct Story {
    static base::net::Task<void> send(base::net::Stream& stream) {
      const std::string body(64'000'000, 'x');  // more than the sockets hold
      co_await stream.write("PUT / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 64000000\r\n\r\n",
                            stream.loop().now() + 20s);
      co_await stream.write(body, stream.loop().now() + 20s);
    }
  };
  Client client(story);
  base::net::Scope sending(*story.loop);
  sending.spawn(Story::send(client.stream()));
  REQUIRE(client.receive().status == 504);
  REQUIRE(story.totals().upstream_timeouts == 1);
}

TEST_CASE("an endpoint that leads back here is a 508, not a circle without end",
          "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  story.upstream.address = story.address();
  story.publish({{&story.upstream}});
  Client client(story);
  const auto response = client.ask(kGet);
  REQUIRE(response.status == 508);
  REQUIRE(response.has("X-Nearmost-Reason: request goes in a circle\r\n"));
  REQUIRE(story.totals().requests == forwarder::net::Limits().hops + 1);
  REQUIRE(story.totals().loops == 1);
}

TEST_CASE("many proxies before us are no loop", "[forwarder_net]") {
  OneServer story(answer_with("hello"));
  Client client(story);
  std::string forwarded = "X-Forwarded-For: 10.0.0.1";
  for (std::size_t i = 2; i < forwarder::net::Limits().hops; ++i) forwarded += ", 10.0.0.1";
  const auto ask = [&](const std::string& more) {
    return client.ask("GET / HTTP/1.1\r\nHost: svc.test\r\n" + forwarded + more + "\r\n\r\n");
  };
  REQUIRE(ask("").status == 200);
  REQUIRE(ask("\r\nx-forwarded-for: 10.0.0.1").status == 508);
}
