#include "tests/unit/forwarder_net/proxy_story.hpp"

#include <linux/filter.h>
#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>

using namespace std::chrono_literals;

namespace {

const std::string kPut = "PUT / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: 3\r\n\r\nabc";

// What comes to this socket from now on is lost on the way, and never acknowledged.
void lose_what_comes(int fd) {
  sock_filter drop{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &drop};
  REQUIRE(::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
}

}  // namespace

TEST_CASE("a refused connection goes to another endpoint of the tier, for any method",
          "[forwarder_net]") {
  ProxyStory story;
  auto& dead = story.server(answer_with("dead"));
  auto& alive = story.server(answer_with("alive"));
  dead.die();
  story.publish({{&dead, &alive}});
  story.start();
  Client client(story);
  for (int i = 0; i < 20; ++i) {
    REQUIRE(client.ask(kGet).body == "alive");
    REQUIRE(client.ask(kPost).body == "alive");
  }
  REQUIRE(alive.requests.size() == 40);
  // Avoided for a second after its first failure; slow machines may try it a few times more.
  REQUIRE(story.totals().connect_failures < 10);
}

TEST_CASE("when a tier is dead the next one takes over, and the last resort is a 503",
          "[forwarder_net]") {
  ProxyStory story;
  auto& near1 = story.server(answer_with("near"));
  auto& near2 = story.server(answer_with("near"));
  auto& far = story.server(answer_with("far"));
  story.publish({{&near1, &near2}, {&far}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).body == "near");
  near1.die();
  near2.die();
  REQUIRE(client.ask(kGet).body == "far");
  REQUIRE(client.ask(kPost).body == "far");
  far.die();
  const auto response = client.ask(kGet);
  REQUIRE(response.status == 503);
  REQUIRE(response.has("X-Nearmost-Reason: no endpoint reachable\r\n"));
  REQUIRE(story.totals().unreachable == 1);
}

TEST_CASE("who takes no connection is knocked at, and served again when it does",
          "[forwarder_net]") {
  forwarder::net::Config config;
  config.timeouts.knock = 1ms;
  ProxyStory story(config);
  auto& near = story.server(answer_with("near"));
  auto& far = story.server(answer_with("far"));
  story.publish({{&near}, {&far}});
  story.start();
  Client client(story);
  near.die();
  REQUIRE(client.ask(kGet).body == "far");
  near.revive();
  story.turn_until([&] { return near.connections > 0; });
  REQUIRE(near.requests.empty());
  while (client.ask(kGet).body != "near") continue;
  REQUIRE(near.requests.size() == 1);
}

TEST_CASE("an endpoint that keeps a request waiting is avoided", "[forwarder_net]") {
  forwarder::net::Config config;
  config.timeouts.response_head = 20ms;
  ProxyStory story(config);
  auto& hangs = story.server([](const std::string&, std::size_t) {
    return Answer{"", Answer::After::stall};
  });
  auto& works = story.server(answer_with("works"));
  story.publish({{&hangs}, {&works}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).status == 504);
  REQUIRE(client.ask(kGet).body == "works");
  REQUIRE(hangs.requests.size() == 1);
}

TEST_CASE("an upstream without endpoints is a 503", "[forwarder_net]") {
  ProxyStory story;
  story.publish({});
  story.start();
  Client client(story);
  const auto response = client.ask(kPost);
  REQUIRE(response.status == 503);
  REQUIRE(response.has("X-Nearmost-Reason: no endpoint\r\n"));
  REQUIRE(client.ask(kGet).status == 503);
}

TEST_CASE("a POST whose connection breaks after it was sent is a 502, and was sent once",
          "[forwarder_net]") {
  ProxyStory story;
  const auto after = GENERATE(Answer::After::close, Answer::After::reset);
  const Script breaks = [&](const std::string&, std::size_t) { return Answer{"", after}; };
  auto& a = story.server(breaks);
  auto& b = story.server(breaks);
  story.publish({{&a, &b}});
  story.start();
  Client client(story);
  const auto response = client.ask(kPost);
  REQUIRE(response.status == 502);
  REQUIRE(a.requests.size() + b.requests.size() == 1);
  REQUIRE(story.totals().replayed == 0);
}

TEST_CASE("an idempotent request whose connection breaks without an answer is sent again",
          "[forwarder_net]") {
  ProxyStory story;
  const auto after = GENERATE(Answer::After::close, Answer::After::reset);
  const std::string request = GENERATE(kGet, kPut);
  auto& breaks = story.server([&](const std::string&, std::size_t) { return Answer{"", after}; });
  auto& works = story.server(answer_with("works"));
  story.publish({{&breaks}, {&works}});
  story.start();
  Client client(story);
  const auto response = client.ask(request);
  REQUIRE(response.body == "works");
  REQUIRE(breaks.requests.size() == 1);
  REQUIRE(works.requests.size() == 1);
  REQUIRE(works.requests[0] == breaks.requests[0]);
  REQUIRE(story.totals().replayed == 1);
}

TEST_CASE("replays end: a request that kills each endpoint does not kill them all",
          "[forwarder_net]") {
  ProxyStory story;
  std::vector<Server*> all;
  for (int i = 0; i < 10; ++i)
    all.push_back(&story.server([](const std::string&, std::size_t) {
      return Answer{"", Answer::After::reset};
    }));
  story.publish({all});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).status == 502);
  std::size_t seen = 0;
  for (const auto* server : all) seen += server->requests.size();
  REQUIRE(seen == 4);  // once, and Limits::replays times more
}

TEST_CASE("a stale pooled connection never reaches the client as an error", "[forwarder_net]") {
  ProxyStory story;
  // Answers the first request of a connection and drops the connection on the second, as a server
  // does that closed it just when the request was under way.
  auto& server = story.server([](const std::string&, std::size_t nth) {
    return nth == 0 ? Answer{ok("fine")} : Answer{"", Answer::After::reset};
  });
  story.publish({{&server}});
  story.start();
  Client client(story);
  for (int i = 0; i < 6; ++i) REQUIRE(client.ask(kGet).body == "fine");
  // It was no mark against the endpoint, nor did it count as an error.
  REQUIRE(story.totals().upstream_failed == 0);
  REQUIRE(story.totals().replayed > 0);
}

TEST_CASE("a 408 that ends an idle connection is no answer to the request that crossed it",
          "[forwarder_net]") {
  const std::string goodbye =
      "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  ProxyStory story;
  std::size_t patient = 1;
  auto& server = story.server([&](const std::string&, std::size_t nth) {
    return nth < patient ? Answer{ok("fine")} : Answer{goodbye, Answer::After::close};
  });
  story.publish({{&server}});
  story.start();
  Client client(story);
  for (int i = 0; i < 4; ++i) REQUIRE(client.ask(kGet).body == "fine");
  REQUIRE(story.totals().replayed > 0);
  REQUIRE(story.totals().upstream_failed == 0);
  patient = 0;
  Client other(story);
  other.ask(kGet);  // whatever was pooled is gone now
  REQUIRE(other.ask(kGet).status == 408);
}

TEST_CASE("a pooled connection that the upstream closed is not used", "[forwarder_net]") {
  ProxyStory story;
  auto& server = story.server([](const std::string&, std::size_t) {
    return Answer{ok("fine"), Answer::After::close};  // without saying so in the head
  });
  story.publish({{&server}});
  story.start();
  Client client(story);
  for (int i = 0; i < 5; ++i) REQUIRE(client.ask(kGet).body == "fine");
  REQUIRE(server.requests.size() >= 5);
  REQUIRE(story.totals().upstream_failed == 0);
}

TEST_CASE("a POST goes on a connection that answered just now, and one of any size does not",
          "[forwarder_net]") {
  forwarder::net::Config config;
  config.timeouts.fresh = 1h;
  config.limits.replay = 1024;
  ProxyStory story(config);
  auto& server = story.server(answer_with("fine"));
  story.publish({{&server}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).status == 200);
  REQUIRE(client.ask(kPost).status == 200);
  REQUIRE(client.ask(kPost).status == 200);
  REQUIRE(server.connections == 1);
  const std::string chunked =
      "POST / HTTP/1.1\r\nHost: svc.test\r\nTransfer-Encoding: chunked\r\n\r\n";
  client.send(chunked);
  story.turn_until([&] { return story.totals().requests == 4; });
  client.send("3\r\nabc\r\n0\r\n\r\n");
  REQUIRE(client.receive("POST").status == 200);
  REQUIRE(server.connections == 2);
}

TEST_CASE("a POST that crosses its connection's end is sent again, and done once",
          "[forwarder_net]") {
  ProxyStory story;
  auto& server = story.server(answer_with("never"));
  server.die();
  struct Goodbye {
    static base::net::Task<void> serve(ProxyStory& story, Server& server) {
      const auto listener = std::move(*base::net::Listener::open(*story.loop, server.address));
      std::array<char, 4096> buffer;
      {
        auto accepted = co_await listener->accept(base::net::kNoDeadline);
        base::net::Stream stream(*story.loop, std::move(accepted->fd),
                                 base::net::Stream::State::connected);
        co_await stream.read(buffer, base::net::kNoDeadline);
        lose_what_comes(stream.watch().fd());
        co_await stream.write(ok("first"), base::net::kNoDeadline);
        while (story.totals().reused == 0)
          co_await base::net::sleep_until(*story.loop, story.loop->now() + 1ms);
      }
      auto accepted = co_await listener->accept(base::net::kNoDeadline);
      base::net::Stream stream(*story.loop, std::move(accepted->fd),
                               base::net::Stream::State::connected);
      co_await stream.read(buffer, base::net::kNoDeadline);
      co_await stream.write(ok("second"), base::net::kNoDeadline);
      co_await stream.read(buffer, base::net::kNoDeadline);
    }
  };
  base::net::Scope serving(*story.loop);
  serving.spawn(Goodbye::serve(story, server));
  story.publish({{&server}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).body == "first");
  REQUIRE(client.ask(kPost, "POST").body == "second");
  REQUIRE(story.totals().replayed == 1);
  REQUIRE(story.totals().upstream_failed == 0);
}

TEST_CASE("a POST that a pooled connection took before it broke is a 502, and was sent once",
          "[forwarder_net]") {
  ProxyStory story;
  const auto after = GENERATE(Answer::After::close, Answer::After::reset);
  auto& server = story.server([&](const std::string&, std::size_t nth) {
    return nth == 0 ? Answer{ok("fine")} : Answer{"", after};
  });
  story.publish({{&server}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).status == 200);
  REQUIRE(client.ask(kPost, "POST").status == 502);
  REQUIRE(server.requests.size() == 2);
  REQUIRE(story.totals().replayed == 0);
}

TEST_CASE("a body beyond the replay buffer is not sent again", "[forwarder_net]") {
  forwarder::net::Config config;
  config.limits.replay = 1024;
  ProxyStory story(config);
  auto& breaks = story.server([](const std::string&, std::size_t) {
    return Answer{"", Answer::After::close};
  });
  auto& works = story.server(answer_with("works"));
  story.publish({{&breaks}, {&works}});
  story.start();
  Client client(story);
  const auto put = [](std::size_t size) {
    return "PUT / HTTP/1.1\r\nHost: svc.test\r\nContent-Length: " + std::to_string(size) +
           "\r\n\r\n" + std::string(size, 'x');
  };
  REQUIRE(client.ask(put(2000)).status == 502);
  REQUIRE(works.requests.empty());
}

TEST_CASE("a request that was answered with a 1xx is not sent again", "[forwarder_net]") {
  ProxyStory story;
  auto& breaks = story.server([](const std::string&, std::size_t) {
    return Answer{"HTTP/1.1 103 Early Hints\r\n\r\n", Answer::After::close};
  });
  auto& works = story.server(answer_with("works"));
  story.publish({{&breaks}, {&works}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).status == 502);
  REQUIRE(works.requests.empty());
}

TEST_CASE("half a head is a 502 and never sent again", "[forwarder_net]") {
  ProxyStory story;
  const std::string answer =
      GENERATE("HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 2x0 OK\r\n\r\n", "garbage\r\n\r\n");
  auto& breaks = story.server([&](const std::string&, std::size_t) {
    return Answer{answer, Answer::After::close};
  });
  auto& works = story.server(answer_with("works"));
  story.publish({{&breaks}, {&works}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).status == 502);
  REQUIRE(works.requests.empty());
  REQUIRE(client.ask(kGet).body == "works");  // it is avoided now
}

TEST_CASE("an endpoint that dies after a long time without an answer is replaced all the same",
          "[forwarder_net]") {
  forwarder::net::Config config;
  config.timeouts.connecting = 1ms;
  ProxyStory story(config);
  auto& dies = story.server([](const std::string&, std::size_t) {
    return Answer{"", Answer::After::reset, 20ms};
  });
  auto& works = story.server(answer_with("works"));
  story.publish({{&dies}, {&works}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).body == "works");
  REQUIRE(dies.requests.size() == 1);
}

TEST_CASE("a dead tier of more endpoints than there are attempts does not hide the next one",
          "[forwarder_net]") {
  ProxyStory story;
  std::vector<Server*> dead;
  for (std::size_t i = 0; i < forwarder::net::Limits().attempts + 4; ++i)
    dead.push_back(&story.server(answer_with("dead")));
  for (auto* server : dead) server->die();
  auto& far = story.server(answer_with("far"));
  story.publish({dead, {&far}});
  story.start();
  Client client(story);
  REQUIRE(client.ask(kGet).body == "far");
  REQUIRE(client.ask(kPost).body == "far");
}

TEST_CASE("what could not be sent again never goes on a pooled connection", "[forwarder_net]") {
  forwarder::net::Config config;
  config.limits.replay = 1024;
  ProxyStory story(config);
  auto& server = story.server([](const std::string&, std::size_t nth) {
    return nth == 0 ? Answer{ok("fine")} : Answer{"", Answer::After::reset};
  });
  story.publish({{&server}});
  story.start();
  Client client(story);
  const std::string head = "PUT / HTTP/1.1\r\nHost: svc.test\r\n";
  SECTION("a body beyond the replay buffer") {
    REQUIRE(client.ask(kGet).body == "fine");
    client.send(head + "Content-Length: 2000\r\n\r\n");
    REQUIRE(client.ask(std::string(2000, 'x')).body == "fine");
  }
  SECTION("a body of unknown length that is still to come") {
    REQUIRE(client.ask(kGet).body == "fine");
    client.send(head + "Transfer-Encoding: chunked\r\n\r\n");
    story.turn_until([&] { return story.totals().requests == 2; });
    REQUIRE(client.ask("7d0\r\n" + std::string(2000, 'x') + "\r\n0\r\n\r\n").body == "fine");
  }
  SECTION("but what fits does, and is sent again") {
    REQUIRE(client.ask(kGet).body == "fine");
    client.send(head + "Content-Length: 500\r\n\r\n");
    REQUIRE(client.ask(std::string(500, 'x')).body == "fine");
    REQUIRE(story.totals().replayed == 1);
  }
}
